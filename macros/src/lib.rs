//! The attribute of `guarded-callback`. Depend on that crate, which re-exports it.

mod attribute;
mod block;
mod callback;
mod check;
mod conditional;
mod errors;
mod expand;
mod fallback;
mod item;
mod options;
mod size;
mod tokens;
mod types;

use proc_macro::TokenStream;

/// Runs the body of an `extern` function with room, whatever stack C calls it on.
#[proc_macro_attribute]
pub fn guarded_callback(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::guarded_callback(options.into(), item.into()).into()
}
