//! What was found in a program or library.

use std::path::PathBuf;

/// How C comes to call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By its name.
    Exported,
    /// Through a pointer.
    AddressTaken,
}

/// What is known of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Guarded,
    Lacking,
    /// It must not have the attribute; the reason.
    MustNot(&'static str),
    /// Nothing shows whether it is `extern`: a macro made it, or there is no debug information.
    Unknown,
}

impl State {
    /// One word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Guarded => "guarded",
            Self::Lacking => "lacking",
            Self::MustNot(_) => "must-not",
            Self::Unknown => "unknown",
        }
    }
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) symbol: String,
    pub(crate) address: u64,
    pub(crate) reach: Reach,
    pub(crate) state: State,
    /// File and line.
    pub(crate) origin: Option<(PathBuf, usize)>,
}

/// What was found in one file.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub(crate) functions: Vec<Function>,
    /// What could not be known, and what to do.
    pub(crate) notes: Vec<String>,
}
