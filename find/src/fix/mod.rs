//! Writing the attribute into files: planned first, so that it can be shown before it is done.

mod insert;
mod write;

use std::fs;
use std::path::{Path, PathBuf};

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Meta, Token};

use crate::error::Error;
use crate::fix::insert::{Insertion, insert};
use crate::report::{Function, Report, State};
use crate::{deep, source};

/// What to write in front of a function.
///
/// ```
/// use guarded_callback_find::Attribute;
///
/// // `#[guarded_callback(..)]` where the attribute is imported, the full path elsewhere.
/// let path = "guarded_callback::guarded_callback";
/// let attribute = Attribute::imported(path, r#"reserve = "1 MiB""#);
/// // The same text everywhere.
/// let exact = Attribute::exact("my_crate::guarded(8)");
/// # let _ = (attribute, exact);
/// ```
#[derive(Clone, Debug)]
pub struct Attribute {
    path: String,
    options: String,
    is_exact: bool,
}

impl Attribute {
    /// The imported name where there is one, `path` elsewhere; `options` stand in parentheses.
    #[must_use]
    pub fn imported(path: &str, options: &str) -> Self {
        Self { path: path.to_owned(), options: options.to_owned(), is_exact: false }
    }

    /// This text, whatever is imported.
    #[must_use]
    pub fn exact(text: &str) -> Self {
        Self { path: text.to_owned(), options: String::new(), is_exact: true }
    }

    fn text(&self, function: &Function) -> String {
        let imported = function.imported.as_deref().filter(|_| !self.is_exact);
        let path = imported.unwrap_or(&self.path);
        if self.options.is_empty() { path.to_owned() } else { format!("{path}({})", self.options) }
    }

    fn check(&self) -> Result<(), Error> {
        let text = match self.options.as_str() {
            "" => self.path.clone(),
            options => format!("{}({options})", self.path),
        };
        let options = Punctuated::<Meta, Token![,]>::parse_terminated.parse_str(&self.options);
        let parsed = syn::parse_str::<Meta>(&text).and(options);
        parsed.map(|_| ()).map_err(|_| Error::Attribute(text))
    }
}

/// One file before and after.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The file.
    pub file: PathBuf,
    /// Its text as it is.
    pub before: String,
    /// Its text as it would be.
    pub after: String,
    /// How many attributes are inserted.
    pub inserted: usize,
}

impl Change {
    /// Another change to write with those of a [`Plan`], such as one of a Cargo.toml.
    ///
    /// ```
    /// use guarded_callback_find::{Change, Plan};
    ///
    /// let mut plan = Plan::default();
    /// plan.changes.push(Change::new("Cargo.toml", "[package]", "[package]\n"));
    /// assert_eq!(plan.inserted(), 0);
    /// ```
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, before: &str, after: &str) -> Self {
        let (before, after) = (before.to_owned(), after.to_owned());
        Self { file: file.into(), before, after, inserted: 0 }
    }
}

/// What would be written, before it is.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-plan-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), "extern \"C\" fn on_row() {}")?;
/// use guarded_callback_find::{Attribute, Plan, find};
///
/// let plan = Plan::new(&find(&directory)?, &Attribute::exact("g"))?;
/// assert_eq!(plan.changes[0].after, "#[g]\nextern \"C\" fn on_row() {}");
/// # assert!(std::fs::read_to_string(directory.join("lib.rs"))?.starts_with("extern"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The files that change.
    pub changes: Vec<Change>,
}

impl Plan {
    /// An attribute for each function of `report` that lacks it.
    ///
    /// # Errors
    /// When `attribute` is none, or a file cannot be read, or has changed since it was looked at.
    pub fn new(report: &Report, attribute: &Attribute) -> Result<Self, Error> {
        attribute.check()?;
        deep::with_room(|| {
            let files = report.functions.chunk_by(|a, b| a.file == b.file).map(lacking);
            let files = files.filter(|functions| !functions.is_empty());
            let changes = files.map(|functions| change(&functions, attribute));
            Ok(Self { changes: changes.collect::<Result<_, _>>()? })
        })
    }

    /// How many attributes are inserted.
    #[must_use]
    pub fn inserted(&self) -> usize {
        self.changes.iter().map(|change| change.inserted).sum()
    }

    /// Writes the files, each whole or not at all.
    ///
    /// # Errors
    /// When a file cannot be written, or has changed since it was looked at.
    pub fn write(&self) -> Result<(), Error> {
        self.changes
            .iter()
            .try_for_each(|change| write::replace(&change.file, &change.before, &change.after))
    }
}

/// Inserts `#[attribute]` in front of each function of `report` that lacks it, and returns how many
/// those were.
///
/// `attribute` is what stands between the brackets, such as
/// `guarded_callback::guarded_callback(reserve = "1 MiB")`. A file is written whole or not at all,
/// and only when it is still Rust afterwards.
///
/// # Errors
/// When `attribute` is none, or a file cannot be read or written, or has changed since it was
/// looked at.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-fix-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), "extern \"C\" fn on_row() {}")?;
/// let report = guarded_callback_find::find(&directory)?;
/// assert_eq!(guarded_callback_find::fix(&report, "guarded_callback::guarded_callback")?, 1);
/// # let text = std::fs::read_to_string(directory.join("lib.rs"))?;
/// # assert!(text.starts_with("#[guarded_callback::guarded_callback]\nextern"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fix(report: &Report, attribute: &str) -> Result<usize, Error> {
    let plan = Plan::new(report, &Attribute::exact(attribute))?;
    plan.write()?;
    Ok(plan.inserted())
}

fn lacking(functions: &[Function]) -> Vec<&Function> {
    functions.iter().filter(|function| function.state == State::Lacking).collect()
}

/// What becomes of the file that holds these functions.
fn change(functions: &[&Function], attribute: &Attribute) -> Result<Change, Error> {
    let file = functions[0].file.clone();
    let before = fs::read_to_string(&file).map_err(|error| Error::Io(file.clone(), error))?;
    if lacking(&look(&file, &before)?.functions) != functions {
        return Err(Error::Changed(file));
    }
    let one = |it: &&Function| Insertion { place: it.place, attribute: attribute.text(it) };
    let mut insertions: Vec<_> = functions.iter().map(one).collect();
    insertions.sort_unstable_by_key(|insertion| insertion.place);
    let after = insert(&before, &insertions);
    // Read again before anything is lost.
    look(&file, &after)?;
    Ok(Change { file, before, after, inserted: insertions.len() })
}

fn look(file: &Path, text: &str) -> Result<Report, Error> {
    let mut report = Report::default();
    source::text(file, text, &mut report)?;
    Ok(report)
}
