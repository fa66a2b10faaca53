//! A program or shared library: its symbols, its code, and the pointers in its data.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use object::read::{ExportTarget, NameOrOrdinal};
use object::{
    Architecture, Endianness, File, Object, ObjectKind, ObjectSection, ObjectSymbol,
    ObjectSymbolTable, RelocationTarget, SectionFlags, SectionKind, SymbolKind,
};

/// One name of an address.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    pub(crate) size: u64,
    /// As the linker knows it.
    pub(crate) name: String,
    /// As a reader knows it, without a hash.
    pub(crate) path: String,
    pub(crate) is_mangled: bool,
    pub(crate) is_exported: bool,
    pub(crate) is_code: bool,
}

/// Bytes of the image at an address.
pub(crate) struct Bytes<'data> {
    pub(crate) address: u64,
    pub(crate) data: &'data [u8],
}

pub(crate) struct Image<'data> {
    pub(crate) is_program: bool,
    pub(crate) architecture: Architecture,
    /// Sorted by address.
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) code: Vec<Bytes<'data>>,
    /// What the word at an address points to once the image is loaded.
    pub(crate) pointers: HashMap<u64, u64>,
    /// The words among them that code uses one by one: the linker made them for it.
    slots: Vec<Range<u64>>,
}

impl<'data> Image<'data> {
    pub(crate) fn new(file: &File<'data>) -> Result<Self, String> {
        let symbols = symbols(file);
        let starts = symbols.iter().map(|symbol| symbol.address).collect();
        let mut pointers = words(file, &starts);
        pointers.extend(relocated(file));
        let architecture = file.architecture();
        let is_program = file.kind() == ObjectKind::Executable;
        Ok(Self {
            is_program,
            architecture,
            code: code(file)?,
            symbols,
            pointers,
            slots: slots(file),
        })
    }

    /// Whether the word at `place` is there for an instruction that names it.
    pub(crate) fn is_slot(&self, place: u64) -> bool {
        self.slots.iter().any(|range| range.contains(&place))
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter().filter(|symbol| symbol.is_code)
    }
}

/// Every name of every address, with a size that is known or reaches to the next one.
fn symbols(file: &File<'_>) -> Vec<Symbol> {
    let exported = exported(file);
    let mut found = BTreeMap::new();
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        let is_code = symbol.kind() == SymbolKind::Text;
        let is_known = is_code || matches!(symbol.kind(), SymbolKind::Data | SymbolKind::Unknown);
        let (true, Ok(name)) = (symbol.is_definition() && is_known, symbol.name()) else {
            continue;
        };
        let is_code = is_code && symbol.section_index().is_some();
        let one = new_symbol(symbol.address(), symbol.size(), plain(file, name), is_code);
        let is_exported = exported.contains(&(one.address, one.name.clone()));
        found.insert((one.address, one.name.clone()), Symbol { is_exported, ..one });
    }
    for (address, name) in exported {
        let one = Symbol { is_exported: true, ..new_symbol(address, 0, &name, true) };
        found.entry((address, name)).or_insert(one);
    }
    let mut symbols: Vec<_> = found.into_values().collect();
    measure(&mut symbols);
    symbols
}

fn new_symbol(address: u64, size: u64, name: &str, is_code: bool) -> Symbol {
    let demangled = rustc_demangle::try_demangle(name);
    let is_mangled = demangled.is_ok();
    let path = demangled.map_or_else(|_| name.to_owned(), |name| format!("{name:#}"));
    Symbol { address, size, name: name.to_owned(), path, is_mangled, is_exported: false, is_code }
}

/// Mach-O puts an underscore in front of each name.
fn plain<'a>(file: &File<'_>, name: &'a str) -> &'a str {
    match file {
        File::MachO32(_) | File::MachO64(_) => name.strip_prefix('_').unwrap_or(name),
        _ => name,
    }
}

fn exported(file: &File<'_>) -> HashSet<(u64, String)> {
    let Ok(exports) = file.exports() else { return HashSet::new() };
    let named = exports.flatten().filter_map(|export| {
        let ExportTarget::Address { address } = export.target() else { return None };
        let NameOrOrdinal::Name(name) = export.name() else { return None };
        let name = String::from_utf8_lossy(name);
        Some((address, plain(file, &name).to_owned()))
    });
    named.collect()
}

/// Gives symbols without a size the space up to the next one.
fn measure(symbols: &mut [Symbol]) {
    let mut next = u64::MAX;
    let mut above = u64::MAX;
    for symbol in symbols.iter_mut().rev() {
        if symbol.address < above {
            (next, above) = (above, symbol.address);
        }
        if symbol.size == 0 {
            symbol.size = next - symbol.address;
        }
    }
}

fn code<'data>(file: &File<'data>) -> Result<Vec<Bytes<'data>>, String> {
    let sections = file.sections().filter(|section| section.kind() == SectionKind::Text);
    let bytes = sections.map(|section| {
        let data = section.data().map_err(|error| format!("a section of code: {error}"))?;
        Ok(Bytes { address: section.address(), data })
    });
    bytes.collect()
}

/// The words of data that hold an address of a symbol as they stand, or as Mach-O packs it.
fn words(file: &File<'_>, starts: &HashSet<u64>) -> HashMap<u64, u64> {
    let size = if file.is_64() { 8 } else { 4 };
    let base = file.relative_address_base();
    let mut found = HashMap::new();
    for section in file.sections().filter(is_data) {
        let Ok(data) = section.data() else { continue };
        let places = (section.address()..).step_by(size);
        for (place, word) in places.zip(data.chunks_exact(size)) {
            let word = number(word, file.endianness());
            // The lower 36 bits of a chained fixup are an offset into the image.
            let offset = base.wrapping_add(word & 0xF_FFFF_FFFF);
            let target = [word, offset].into_iter().find(|target| starts.contains(target));
            found.extend(target.filter(|_| word != 0).map(|target| (place, target)));
        }
    }
    found
}

fn slots(file: &File<'_>) -> Vec<Range<u64>> {
    let is_slots = |name: &str| name.starts_with(".got") || name == "__got";
    let sections = file.sections().filter(|section| section.name().is_ok_and(is_slots));
    sections.map(|section| section.address()..section.address() + section.size()).collect()
}

/// Whether the section is data of the running program. Others stand at no address or at 0, so that
/// what they hold, such as the addresses in debug information, would seem to lie among the code.
fn is_data<'data>(section: &impl ObjectSection<'data>) -> bool {
    use SectionKind::{
        Debug, DebugString, Metadata, Other, OtherString, Text, UninitializedData, UninitializedTls,
    };
    let is_loaded = match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(object::elf::SHF_ALLOC),
        _ => !matches!(section.kind(), Debug | DebugString | Other | OtherString),
    };
    is_loaded && !matches!(section.kind(), Text | Metadata | UninitializedData | UninitializedTls)
}

fn number(bytes: &[u8], endianness: Endianness) -> u64 {
    let one = |number, byte: &u8| number << 8 | u64::from(*byte);
    match endianness {
        Endianness::Big => bytes.iter().fold(0, one),
        Endianness::Little => bytes.iter().rev().fold(0, one),
    }
}

/// The words that the loader of ELF writes.
fn relocated(file: &File<'_>) -> HashMap<u64, u64> {
    let Some(relocations) = file.dynamic_relocations() else { return HashMap::new() };
    let targets = relocations.filter_map(|(place, relocation)| {
        let base = match relocation.target() {
            RelocationTarget::Absolute => 0,
            RelocationTarget::Symbol(index) => {
                let symbols = file.dynamic_symbol_table()?;
                let symbol = symbols.symbol_by_index(index).ok()?;
                symbol.is_definition().then(|| symbol.address())?
            }
            _ => return None,
        };
        let target = base.wrapping_add_signed(relocation.addend());
        (target != 0).then_some((place, target))
    });
    targets.collect()
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn words_of_debug_information_are_not_pointers_among_the_code() {
        let data = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let image = Image::new(&file).unwrap();
        let in_code = |place: u64| {
            let mut sections = image.code.iter();
            sections
                .any(|code| (code.address..code.address + code.data.len() as u64).contains(&place))
        };
        assert!(!image.pointers.is_empty());
        let wrong: Vec<_> = image.pointers.iter().filter(|(place, _)| in_code(**place)).collect();
        assert!(wrong.is_empty(), "{} of them, such as {:x?}", wrong.len(), wrong[0]);
    }
}
