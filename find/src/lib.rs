//! Finds the `extern` functions of a source tree that C can call and that lack
//! `#[guarded_callback]`.
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
//! The command `cargo guarded-callback` lists them, inserts the attribute, and looks at built
//! programs and libraries as well. It is the feature `command`, which is on by default; without it
//! this library needs syn alone.
//!
//! # What it sees
//!
//! Functions with a body and an `extern` ABI other than "Rust", free, nested, in `impl` blocks and
//! in traits, in every `.rs` file below a path (without Cargo's output, vendored packages and
//! hidden folders). The attribute is known by its name, also through `use .. as ..` in the same
//! file, through `cfg_attr`, and when it stands on the `impl` or `mod` around the function.
//!
//! # What it cannot see
//!
//! What a macro makes. A `macro_rules!` body or the arguments of a macro that hold an `extern`
//! function with a body are listed as [`Hidden`], for you to look at. Files of another ending that
//! are `include!`d are looked at only when they are named. Symbolic links below a folder are not
//! followed.

mod deep;
mod error;
pub mod exempt;
mod fix;
mod report;
mod source;

use std::path::Path;

pub use error::Error;
pub use fix::{Attribute, Change, Plan, fix};
pub use report::{Function, Hidden, Report, State};

/// Looks at a file, or at every `.rs` file below a folder.
///
/// # Errors
/// When the path cannot be read, or there is no `.rs` file at all.
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
/// When one of the paths cannot be read, or holds no `.rs` file at all.
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
    let files = source::rust_files_of(paths, &mut report.unreadable)?;
    deep::with_room(|| {
        for file in &files {
            if let Err(error) = source::file(file, &mut report) {
                report.unreadable.push(error);
            }
        }
    });
    Ok(report)
}

/// For tests: passes when every `extern` function below `path` that can have the attribute has it.
///
/// # Panics
/// With the list of those that lack it, or with the reason why `path` or a file below it could not
/// be looked at.
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
