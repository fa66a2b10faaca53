//! Finds the `extern` functions of a source tree that C can call and that lack `#[guarded_callback]`.
//!
//! For a test of your own crate, so that no callback is forgotten:
//!
//! ```
//! # let directory = std::env::temp_dir().join("guarded-callback-find-doc");
//! # std::fs::create_dir_all(&directory)?;
//! # std::fs::write(directory.join("lib.rs"), "#[guarded_callback] extern \"C\" fn on_row() {}")?;
//! # let source = directory.to_str().unwrap();
//! // In a crate: concat!(env!("CARGO_MANIFEST_DIR"), "/src")
//! guarded_callback_find::assert_guarded(source);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The command of the same name lists them, and inserts the attribute with `--fix`.
//!
//! # What it sees
//!
//! Functions with a body and an `extern` ABI other than "Rust", free, nested, in `impl` blocks and in traits, in every `.rs` file below a
//! path (without `target` and hidden folders). The attribute is known by its name, also through `use … as …` in the same file, through
//! `cfg_attr`, and when it stands on the `impl` or `mod` around the function.
//!
//! # What it cannot see
//!
//! What a macro makes. A `macro_rules!` body or the arguments of a macro that hold an `extern` function with a body are listed as
//! [`Hidden`], for you to look at. Files of another ending that are `include!`d are looked at only when they are named. Symbolic links
//! below a folder are not followed.

mod deep;
mod fix;
mod hidden;
mod scan;
mod tree;

use std::path::{Path, PathBuf};
use std::{error, fmt, io};

pub use fix::fix;

/// One `extern` function with a body.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-function-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"impl S { extern "C" fn on_row() {} }"#)?;
/// for function in guarded_callback_find::find(&directory)?.functions {
///     assert_eq!((function.name.as_str(), function.line), ("S::on_row", 1));
///     assert!(function.to_string().ends_with("lib.rs:1: `S::on_row` lacks #[guarded_callback]"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// The file it stands in.
    pub file: PathBuf,
    /// The line of its `extern`, counted from 1.
    pub line: usize,
    /// Its name, with the type of the `impl` around it.
    pub name: String,
    /// Whether it is guarded.
    pub state: State,
    /// Where the attribute would go: line from 1, column from 0 in characters.
    place: (usize, usize),
}

/// What is known of a function.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-state-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"async extern "C" fn on_row() {}"#)?;
/// use guarded_callback_find::State;
///
/// let report = guarded_callback_find::find(&directory)?;
/// assert!(matches!(report.functions[0].state, State::Cannot(reason) if reason.contains("remove `async`")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It has the attribute, or the block around it has.
    Guarded,
    /// `#[guarded_callback(skip)]` leaves it alone on purpose.
    Skipped,
    /// It could have the attribute and does not.
    Lacking,
    /// It cannot have the attribute as it stands; the reason, and what to do.
    Cannot(&'static str),
}

/// A macro that holds an `extern` function with a body, which cannot be judged from outside.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-hidden-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"macro_rules! make { ($name:ident) => { extern "C" fn $name() {} } }"#)?;
/// let report = guarded_callback_find::find(&directory)?;
/// assert_eq!(report.hidden[0].within, "macro_rules! make");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hidden {
    /// The file it stands in.
    pub file: PathBuf,
    /// The line of the function's `extern`, counted from 1.
    pub line: usize,
    /// The macro, as in `macro_rules! name` or `name!`.
    pub within: String,
}

/// What was found below a path.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-report-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"#[guarded_callback] extern "C" fn on_row() {} extern "C" fn on_end() {}"#)?;
/// let report = guarded_callback_find::find(&directory)?;
/// assert_eq!((report.files, report.functions.len(), report.lacking().count()), (1, 2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// All `extern` functions with a body, in the order of files and lines.
    pub functions: Vec<Function>,
    /// Macros that hold some.
    pub hidden: Vec<Hidden>,
    /// How many files were read.
    pub files: usize,
    /// Files that could not be read, or are not Rust, such as templates.
    pub unreadable: Vec<Error>,
}

impl Report {
    /// The functions that could have the attribute and do not.
    ///
    /// ```
    /// # let directory = std::env::temp_dir().join("guarded-callback-find-lacking-doc");
    /// # std::fs::create_dir_all(&directory)?;
    /// # std::fs::write(directory.join("lib.rs"), r#"extern "C" fn on_row() {}"#)?;
    /// for function in guarded_callback_find::find(&directory)?.lacking() {
    ///     println!("{function}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lacking(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| function.state == State::Lacking)
    }
}

/// Why a path could not be looked at.
///
/// ```
/// let error = guarded_callback_find::find("/nowhere/at/all").unwrap_err();
/// assert!(error.to_string().starts_with("/nowhere/at/all: "));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    Io(PathBuf, io::Error),
    /// A file is not Rust; with the line, counted from 1.
    Syntax(PathBuf, usize, String),
    /// The text for the attribute is none.
    Attribute(String),
    /// A file is no longer what it was when it was looked at.
    Changed(PathBuf),
    /// Below the path there is no `.rs` file.
    Empty(PathBuf),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Syntax(path, line, message) => write!(f, "{}:{line}: this is not Rust: {message}", path.display()),
            Self::Attribute(text) => {
                write!(f, "`{text}` is no attribute; write a path, with options in parentheses where it has some")
            }
            Self::Changed(path) => write!(f, "{}: has changed since it was looked at; look again", path.display()),
            Self::Empty(path) => write!(f, "{}: no .rs file here", path.display()),
        }
    }
}

impl error::Error for Error {}

/// Looks at a file, or at every `.rs` file below a folder.
///
/// # Errors
/// When the path or a folder below it cannot be read, or there is no `.rs` file at all.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-find-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"extern "C" fn on_row() {}"#)?;
/// let report = guarded_callback_find::find(&directory)?;
/// assert_eq!(report.lacking().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find(path: impl AsRef<Path>) -> Result<Report, Error> {
    find_in(&[path])
}

/// As [`find`], for several paths. A file that lies below two of them is looked at once.
///
/// # Errors
/// When one of the paths or a folder below it cannot be read, or holds no `.rs` file at all.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-in-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), "extern \"C\" fn on_row() {}")?;
/// let report = guarded_callback_find::find_in(&[&directory, &directory.join("lib.rs")])?;
/// assert_eq!(report.lacking().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_in(paths: &[impl AsRef<Path>]) -> Result<Report, Error> {
    let mut report = Report::default();
    let files = tree::rust_files_of(paths)?;
    deep::with_room(|| {
        for file in &files {
            if let Err(error) = scan::file(file, &mut report) {
                report.unreadable.push(error);
            }
        }
    });
    Ok(report)
}

/// For tests: passes when every `extern` function below `path` that can have the attribute has it.
///
/// # Panics
/// With the list of those that lack it, or with the reason why `path` or a file below it could not be looked at.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-assert-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), r#"#[guarded_callback] extern "C" fn on_row() {}"#)?;
/// # let source = directory;
/// guarded_callback_find::assert_guarded(source);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn assert_guarded(path: impl AsRef<Path>) {
    let report = find(path).unwrap_or_else(|error| panic!("{error}"));
    if let Some(error) = report.unreadable.first() {
        panic!("{error}");
    }
    let lacking: String = report.lacking().map(|function| format!("\n  {function}")).collect();
    assert!(lacking.is_empty(), "extern functions without #[guarded_callback]:{lacking}");
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: `{}` ", self.file.display(), self.line, self.name)?;
        match self.state {
            State::Guarded => f.write_str("is guarded"),
            State::Skipped => f.write_str("is left alone by `skip`"),
            State::Lacking => f.write_str("lacks #[guarded_callback]"),
            State::Cannot(reason) => write!(f, "cannot have #[guarded_callback]: {reason}"),
        }
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, within } = self;
        write!(f, "{}:{line}: `{within}` holds an extern function that cannot be judged from here", file.display())
    }
}
