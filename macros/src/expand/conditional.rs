//! `#[cfg]` on a parameter, `self` among them.
//!
//! The attribute runs before the compiler decides which parameters there are. So the function goes
//! out twice, under the condition and under its negation, each annotated anew; the compiler drops
//! one of the two before it expands it.

use proc_macro2::TokenStream;
use quote::quote;

use super::function;
use crate::parse::attribute::listed;
use crate::parse::callback::Callback;
use crate::parse::options::Options;
use crate::parse::tokens::is_punct;

/// The function twice, when one of its parameters has a condition.
pub fn split(callback: &Callback, options: &Options) -> Option<TokenStream> {
    let mut conditions = callback.inputs.iter().enumerate().flat_map(|(at, input)| {
        let attributes = input.attributes.iter().enumerate();
        attributes.map(move |(which, of)| (at, which, condition(of.brackets.stream())))
    });
    let (at, which, condition) = conditions.find(|(.., condition)| condition.is_some())?;
    let annotated = |there| options.annotated(decided(callback, at, which, there));
    let (with, without) = (annotated(true), annotated(false));
    Some(quote!(#[cfg(#condition)] #with #[cfg(not(#condition))] #without))
}

/// What stands in the parentheses of `#[cfg(..)]`, also of one that stands in a `#[cfg_attr(..)]`.
fn condition(meta: TokenStream) -> Option<TokenStream> {
    if let Some(condition) = listed(meta.clone(), "cfg") {
        return Some(condition);
    }
    let parts: Vec<_> = listed(meta, "cfg_attr")?.into_iter().collect();
    let mut parts = parts.split(|token| is_punct(token, ',')).map(|part| quote!(#(#part)*));
    let applies = parts.next()?;
    let inner: Vec<_> = parts.filter_map(condition).collect();
    (!inner.is_empty()).then(|| quote!(any(not(#applies), all(#(#inner),*))))
}

/// The function with the parameter that now is there for certain, or is not; nothing else changes.
fn decided(callback: &Callback, at: usize, condition: usize, there: bool) -> TokenStream {
    let mut inputs = callback.inputs.clone();
    if there {
        inputs[at].attributes.remove(condition);
    } else {
        inputs.remove(at);
    }
    function(callback, quote!(#(#inputs),*), callback.body.tokens())
}
