//! What the files beside this one need to know of the shim that they make together.

use proc_macro2::{Span, TokenStream};

use super::parameter::Parameter;
use crate::parse::callback::Callback;
use crate::parse::options::Options;

/// One shim in the making.
pub struct Shim<'item> {
    pub callback: &'item Callback,
    pub options: &'item Options,
    /// Those behind `self`.
    pub parameters: Vec<Parameter<'item>>,
    pub entry: Entry,
    /// The path of the runtime's door for expanded code.
    pub private: TokenStream,
    /// The span of what the user did not write.
    pub site: Span,
}

/// The runtime's functions that the shim may call.
#[derive(Clone, Copy)]
pub enum Entry {
    /// One of a module with a function for each number of arguments. The description is a type.
    /// `abi` is that of the body where C calls it in effect.
    Typed { module: &'static str, abi: Option<&'static str>, arguments: usize },
    /// The one that takes the description as a value, and all arguments as a tuple.
    Described,
}
