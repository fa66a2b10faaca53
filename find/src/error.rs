//! Why a path could not be looked at, or a file not be changed.

use std::path::PathBuf;
use std::{error, fmt, io};

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
            Self::Syntax(path, line, message) => {
                write!(f, "{}:{line}: this is not Rust: {message}", path.display())
            }
            Self::Attribute(text) => write!(
                f,
                "`{text}` is no attribute; write a path, with options in parentheses if it has some"
            ),
            Self::Changed(path) => {
                write!(f, "{}: has changed since it was looked at; look again", path.display())
            }
            Self::Empty(path) => write!(f, "{}: no .rs file here", path.display()),
        }
    }
}

impl error::Error for Error {}
