//! What was found: functions, macros that hold some, files that could not be read.

use std::fmt;
use std::path::PathBuf;

use crate::error::Error;

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
    /// The column of its `extern`, counted from 1 in characters.
    pub column: usize,
    /// Its name, with the type of the `impl` around it.
    pub name: String,
    /// Whether it is guarded.
    pub state: State,
    /// What the attribute is called where the function stands, when it was imported there.
    pub imported: Option<String>,
    /// Where the attribute would go: line from 1, column from 0 in characters.
    pub(crate) place: (usize, usize),
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
/// let State::Cannot(reason) = report.functions[0].state else { panic!() };
/// assert!(reason.contains("remove `async`"));
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
    /// It must not have the attribute, such as a `malloc` that replaces the system's; the reason.
    MustNot(&'static str),
}

impl State {
    /// One word for programs: the same in every output format.
    ///
    /// ```
    /// assert_eq!(guarded_callback_find::State::Lacking.word(), "lacking");
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guarded => "guarded",
            Self::Skipped => "skipped",
            Self::Lacking => "lacking",
            Self::Cannot(_) => "cannot",
            Self::MustNot(_) => "must-not",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded => f.write_str("is guarded"),
            Self::Skipped => f.write_str("is left alone by `skip`"),
            Self::Lacking => f.write_str("lacks #[guarded_callback]"),
            Self::Cannot(reason) => write!(f, "cannot have #[guarded_callback]: {reason}"),
            Self::MustNot(reason) => write!(f, "must not have #[guarded_callback]: {reason}"),
        }
    }
}

/// A macro that holds an `extern` function with a body, which cannot be judged from outside.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-hidden-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # let source = r#"macro_rules! make { ($name:ident) => { extern "C" fn $name() {} } }"#;
/// # std::fs::write(directory.join("lib.rs"), source)?;
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
    /// The column of the function's `extern`, counted from 1 in characters.
    pub column: usize,
    /// The macro, as in `macro_rules! name` or `name!`, or the words that unstable syntax begins
    /// with, as in `impl const T for S`.
    pub within: String,
}

impl Hidden {
    /// What is known of it, for a reader.
    ///
    /// ```
    /// # let directory = std::env::temp_dir().join("guarded-callback-find-message-doc");
    /// # std::fs::create_dir_all(&directory)?;
    /// # std::fs::write(directory.join("lib.rs"), r#"make! { extern "C" fn f() {} }"#)?;
    /// let report = guarded_callback_find::find(&directory)?;
    /// assert!(report.hidden[0].message().starts_with("`make!` holds an extern function"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn message(&self) -> String {
        format!("`{}` holds an extern function that cannot be judged from here", self.within)
    }
}

/// What was found below a path.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-report-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # let source = r#"#[guarded_callback] extern "C" fn on_row() {} extern "C" fn on_end() {}"#;
/// # std::fs::write(directory.join("lib.rs"), source)?;
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
    /// Files and folders that could not be read, or are not Rust, such as templates.
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

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, name, state, .. } = self;
        write!(f, "{}:{line}: `{name}` {state}", file.display())
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message())
    }
}
