//! The source of the attribute, compiled as an ordinary library: a proc-macro crate gives nothing but its macros to tests.

#![allow(missing_docs, reason = "documented where it is the macro's")]

#[path = "../../macros/src"]
pub mod macro_source {
    pub mod argument;
    pub mod attribute;
    pub mod block;
    pub mod callback;
    pub mod check;
    pub mod conditional;
    pub mod errors;
    pub mod expand;
    pub mod fallback;
    pub mod front;
    pub mod item;
    pub mod naked;
    pub mod names;
    pub mod options;
    pub mod size;
    pub mod tokens;
    pub mod types;
}

pub use macro_source::attribute::guarded_callback;
