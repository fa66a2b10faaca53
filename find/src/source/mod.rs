//! Looking at sources: which files, which functions in them, and whether each is guarded.

mod attribute;
mod hidden;
mod imports;
mod rules;
mod scan;
mod tree;

pub(crate) use scan::{file, text};
pub(crate) use tree::rust_files_of;
