//! The source of the attribute, compiled as an ordinary library: a proc-macro crate gives nothing
//! but its macros to tests.

#![allow(missing_docs, reason = "documented where it is the macro's")]

#[path = "../../macros/src/attribute.rs"]
pub mod attribute;
#[path = "../../macros/src/check.rs"]
mod check;
#[path = "../../macros/src/errors.rs"]
mod errors;
#[path = "../../macros/src/expand/mod.rs"]
mod expand;
#[path = "../../macros/src/parse/mod.rs"]
mod parse;

pub use attribute::guarded_callback;
