//! Which functions C can call, and which of them are guarded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use guarded_callback_find::exempt;

use crate::binary::abi::Sources;
use crate::binary::code::{self, Kind, Reference};
use crate::binary::debug::{Debug, Origin};
use crate::binary::image::{Image, Symbol};
use crate::binary::marker::{is_marker, is_ours, is_unconditional};
use crate::binary::path::{crate_of, is_method_of_trait, last_name};
use crate::binary::report::{Function, Inspection, Reach, State};

/// What a landing pad of an `extern "C"` function calls.
const CANNOT_UNWIND: &str = "core::panicking::panic_cannot_unwind";

/// The crates of the standard library.
const STANDARD: [&str; 12] = [
    "core",
    "alloc",
    "std",
    "compiler_builtins",
    "proc_macro",
    "test",
    "panic_unwind",
    "panic_abort",
    "unwind",
    "std_detect",
    "rustc_demangle",
    "__rustc",
];

/// Types that are of no crate; `_` is what a slice or pointer of anything is made of.
const PRIMITIVES: [&str; 20] = [
    "_", "bool", "char", "str", "f16", "f32", "f64", "f128", "i8", "i16", "i32", "i64", "i128",
    "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];

pub(crate) struct Judge<'a, 'data> {
    image: &'a Image<'data>,
    debug: &'a Debug<'data>,
    sources: Sources,
    /// Addresses of symbols that tell a shim.
    markers: HashMap<u64, &'a str>,
    /// Addresses of [`CANNOT_UNWIND`].
    cannot_unwind: HashSet<u64>,
    /// References in code to functions and markers, by site and target.
    references: BTreeMap<(u64, u64), Reference>,
    /// Functions whose address stands in code or data, other than tables of trait methods.
    taken: HashSet<u64>,
    /// Functions whose address code loads and calls at once.
    loaded: HashSet<u64>,
}

impl<'a, 'data> Judge<'a, 'data> {
    pub(crate) fn new(image: &'a Image<'data>, debug: &'a Debug<'data>) -> Self {
        let of = |wanted: &dyn Fn(&str) -> bool| {
            let symbols = image.symbols.iter().filter(|symbol| wanted(&symbol.path));
            symbols.map(|symbol| (symbol.address, symbol.path.as_str())).collect::<HashMap<_, _>>()
        };
        let starts: HashSet<u64> = image.symbols.iter().map(|symbol| symbol.address).collect();
        let references = references(image, &starts);
        Self {
            image,
            debug,
            sources: Sources::default(),
            markers: of(&is_marker),
            cannot_unwind: of(&|path| path == CANNOT_UNWIND).into_keys().collect(),
            taken: taken(image, debug, &references),
            loaded: loaded(&references),
            references,
        }
    }

    pub(crate) fn inspection(&self) -> Result<Inspection, String> {
        if !self.image.symbols.iter().any(|symbol| symbol.is_mangled) {
            let reason = "has no symbols of Rust functions, which tell a shim";
            return Err(format!("{reason}; build it without `strip` (a PDB is not read)"));
        }
        let functions = self.image.functions().filter_map(|symbol| self.function(symbol)).collect();
        Ok(Inspection { functions, notes: self.notes() })
    }

    fn notes(&self) -> Vec<String> {
        if !self.has_debug() {
            let lack =
                "has no debug information, so that most functions are not known to be extern";
            let remedy = "build it with `CARGO_PROFILE_RELEASE_DEBUG=1`; of what \
                          `split-debuginfo` puts elsewhere, a dSYM alone is read";
            return vec![format!("{lack}; {remedy}")];
        }
        let own = self.debug.files().filter(|file| !is_standard_file(file));
        let gone: Vec<_> = own.filter(|file| !self.sources.is_readable(file)).collect();
        let note = gone.first().map(|first| {
            format!("{} of its sources cannot be read, such as {}", gone.len(), first.display())
        });
        note.into_iter().collect()
    }

    /// The function, when C can call it.
    fn function(&self, symbol: &Symbol) -> Option<Function> {
        let origin = self.debug.origin(symbol.address, &symbol.name);
        let is_of_c = origin.is_some_and(|origin| !origin.is_rust);
        if is_of_c || is_ours(&symbol.path) || is_standard(symbol, origin) {
            return None;
        }
        let is_guarded = self.is_guarded(symbol);
        let is_foreign = self.is_foreign(symbol, origin, is_guarded);
        let reach = self.reach(symbol)?;
        let state = match (is_foreign, exempt::reason_for_symbol(&symbol.name)) {
            (Some(false), _) => return None,
            (Some(true), Some(reason)) => State::MustNot(reason),
            (None, Some(_)) => return None,
            (_, None) if is_guarded => State::Guarded,
            (Some(true), None) => State::Lacking,
            (None, None) => State::Unknown,
        };
        Some(Function {
            name: symbol.path.clone(),
            symbol: symbol.name.clone(),
            address: symbol.address,
            reach,
            state,
            origin: origin.map(|origin| (origin.file.clone(), origin.line)),
        })
    }

    fn reach(&self, symbol: &Symbol) -> Option<Reach> {
        if symbol.is_exported || !symbol.is_mangled {
            Some(Reach::Exported)
        } else {
            let is_taken = self.taken.contains(&symbol.address);
            (is_taken || self.loaded.contains(&symbol.address)).then_some(Reach::AddressTaken)
        }
    }

    /// Whether the function has a foreign ABI; `None` when nothing tells.
    fn is_foreign(
        &self,
        symbol: &Symbol,
        origin: Option<&Origin>,
        is_guarded: bool,
    ) -> Option<bool> {
        if let Some(reported) = self.told_by_source(symbol, origin) {
            return Some(reported);
        }
        if self.references_of(symbol).any(|it| self.cannot_unwind.contains(&it.target)) {
            return Some(true);
        }
        if !symbol.is_mangled {
            return if is_guarded { Some(true) } else { self.is_rust(symbol, origin) };
        }
        if is_guarded || !self.may_be_foreign(symbol, origin) { Some(is_guarded) } else { None }
    }

    /// Whether a function that nothing tells of may be one that a macro has made for C.
    fn may_be_foreign(&self, symbol: &Symbol, origin: Option<&Origin>) -> bool {
        let name = last_name(&symbol.path);
        // Variants and structures are functions as well, and the start of a program names `main`.
        let is_constructor = name.starts_with(char::is_uppercase) || name == "main";
        let is_plain = symbol.path.contains("{closure") || is_method_of_trait(&symbol.path);
        let has_trace = origin.is_some() || !self.has_debug();
        has_trace && !is_plain && !is_constructor && self.taken.contains(&symbol.address)
    }

    /// Whether there is debug information of more than the standard library.
    fn has_debug(&self) -> bool {
        self.debug.files().any(|file| !is_standard_file(file))
    }

    /// Whether a function with a plain symbol was written in Rust; `None` when nothing tells.
    fn is_rust(&self, symbol: &Symbol, origin: Option<&Origin>) -> Option<bool> {
        match origin.or_else(|| self.debug.any_origin(symbol.address)) {
            Some(origin) => Some(origin.is_rust),
            // What a program does not export may as well be C without debug information.
            None if !symbol.is_exported => Some(false),
            // Programs of macOS export all that they have.
            None => (!self.image.is_program).then_some(true),
        }
    }

    fn told_by_source(&self, symbol: &Symbol, origin: Option<&Origin>) -> Option<bool> {
        let name = last_name(&symbol.path);
        if let Some(origin) = origin {
            let own = last_name(&origin.symbol).to_owned();
            let name = if symbol.is_mangled { name } else { &own };
            return self.sources.is_extern(&origin.file, origin.line, name);
        }
        // Naked functions, and those that were merged with another, have no debug information.
        let files = self.debug.files().filter(|file| !is_standard_file(file));
        files.into_iter().find_map(|file| self.sources.is_extern_by_name(file, name))
    }

    fn references_of(&self, symbol: &Symbol) -> impl Iterator<Item = &Reference> {
        let range = (symbol.address, 0)..(symbol.address.saturating_add(symbol.size), 0);
        self.references.range(range).map(|(_, reference)| reference)
    }

    fn is_guarded(&self, symbol: &Symbol) -> bool {
        self.references_of(symbol).any(|it| self.is_mark(symbol, it))
    }

    /// Whether the reference is this function's own, and not that of another one inlined into it.
    fn is_mark(&self, symbol: &Symbol, reference: &Reference) -> bool {
        let Some(marker) = self.markers.get(&reference.target) else { return false };
        if reference.kind == Kind::Word
            || (reference.kind == Kind::Condition && is_unconditional(marker))
        {
            return false;
        }
        let mut frames = self.debug.frames(reference.site);
        frames.pop();
        let is_transparent = |path: &String| {
            is_marker(path)
                || STANDARD.contains(&crate_of(path))
                || path.starts_with(&format!("{}::", symbol.path))
        };
        frames.iter().all(is_transparent)
    }
}

fn references(image: &Image<'_>, starts: &HashSet<u64>) -> BTreeMap<(u64, u64), Reference> {
    let is_wanted = |target| starts.contains(&target);
    let sections = image.code.iter();
    let all = sections.flat_map(|section| {
        code::references(image.architecture, section, &image.pointers, &is_wanted)
    });
    all.map(|reference| ((reference.site, reference.target), reference)).collect()
}

fn taken(
    image: &Image<'_>,
    debug: &Debug<'_>,
    references: &BTreeMap<(u64, u64), Reference>,
) -> HashSet<u64> {
    let is_taken = |kind| matches!(kind, Kind::Address | Kind::Word);
    let in_code = references.values().filter(|reference| is_taken(reference.kind));
    let is_table = |place| !image.is_slot(place) && !debug.is_in_vtable(place);
    let in_data = image.pointers.iter().filter(|(place, _)| is_table(**place));
    in_code.map(|reference| reference.target).chain(in_data.map(|(_, target)| *target)).collect()
}

fn loaded(references: &BTreeMap<(u64, u64), Reference>) -> HashSet<u64> {
    let loaded = references.values().filter(|reference| reference.kind == Kind::CalledAddress);
    loaded.map(|reference| reference.target).collect()
}

/// Whether the function belongs to the standard library.
fn is_standard(symbol: &Symbol, origin: Option<&Origin>) -> bool {
    (symbol.is_mangled && is_standard_path(&symbol.path))
        || origin.is_some_and(|origin| is_standard_file(&origin.file))
}

fn is_standard_path(path: &str) -> bool {
    let own = crate_of(path);
    // No other crate can give these methods of their own: `<u32>::unchecked_shl`.
    let is_primitive = PRIMITIVES.contains(&own);
    let is_variable = own.starts_with(char::is_uppercase);
    match path.split(" as ").nth(1) {
        // As in `<W as core::fmt::Write>::write_fmt`: the trait's crate has it.
        Some(of_trait) if is_primitive || is_variable => STANDARD.contains(&crate_of(of_trait)),
        _ => is_primitive || STANDARD.contains(&own),
    }
}

fn is_standard_file(file: &Path) -> bool {
    let text = file.to_string_lossy().replace('\\', "/");
    let places = ["/rustc/", "/rust/deps/", "/lib/rustlib/src/rust/"];
    places.iter().any(|place| text.contains(place))
}

#[cfg(test)]
mod tests {
    use super::is_standard_path;

    #[test]
    fn methods_of_primitive_types_are_of_the_standard_library_and_those_of_a_users_trait_are_not() {
        for path in [
            "core::num::<impl u32>::unchecked_shl::precondition_check",
            "<u32>::unchecked_shl::precondition_check",
            "<[u16; 3]>::map::<core::unicode::lookup::{closure#2}, char>",
            "<W as core::fmt::Write>::write_fmt",
            "<u8 as core::fmt::Debug>::fmt",
            "<*const _>::is_null::runtime",
        ] {
            assert!(is_standard_path(path), "{path}");
        }
        for path in ["user::f::<u32>", "<u32 as user::T>::f", "<[u8; 3] as user::T>::f"] {
            assert!(!is_standard_path(path), "{path}");
        }
    }
}
