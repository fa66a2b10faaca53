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
use crate::parse::tokens::{around, is_punct};

/// The function twice, when one of its parameters has a condition.
pub fn split(callback: &Callback, options: &Options) -> Option<TokenStream> {
    let (at, which, meta) = callback.inputs.iter().enumerate().find_map(|(at, input)| {
        let mut metas = input.attributes.iter().map(|of| of.brackets.stream()).enumerate();
        let (which, meta) = metas.find(|(_, meta)| parted(meta.clone()).0.is_some())?;
        Some((at, which, meta))
    })?;
    // Rustc takes one condition, which is no string, and would refuse others in both.
    let is_one = |list| matches!(&*parts(list), [one] if !one.to_string().starts_with('"'));
    if listed(meta.clone(), "cfg").is_some_and(|list| !is_one(list)) {
        return Some(callback.tokens.clone());
    }
    let (condition, others) = parted(meta);
    let (mut with, mut without) = (callback.inputs.clone(), callback.inputs.clone());
    without.remove(at);
    let kept = &mut with[at].attributes[which];
    kept.brackets = around(&kept.brackets, others);
    with[at].attributes.retain(|of| !of.brackets.stream().is_empty());
    let [with, without] = [with, without].map(|inputs| {
        options.annotated(function(callback, quote!(#(#inputs),*), callback.body.tokens()))
    });
    Some(quote!(#[cfg(#condition)] #with #[cfg(not(#condition))] #without))
}

/// What stands in the parentheses of `#[cfg(..)]`, also of one that stands in a `#[cfg_attr(..)]`,
/// and what is left of the attribute without it.
fn parted(meta: TokenStream) -> (Option<TokenStream>, TokenStream) {
    if let Some(condition) = listed(meta.clone(), "cfg") {
        return (Some(condition), TokenStream::new());
    }
    let Some(list) = listed(meta.clone(), "cfg_attr") else { return (None, meta) };
    let mut parts = parts(list).into_iter();
    let applies = parts.next();
    let (inner, mut others): (Vec<_>, Vec<_>) = parts.map(parted).unzip();
    let inner: Vec<_> = inner.into_iter().flatten().collect();
    others.retain(|other| !other.is_empty());
    let others = (!others.is_empty()).then(|| quote!(cfg_attr(#applies, #(#others),*)));
    let condition = quote!(any(not(#applies), all(#(#inner),*)));
    ((!inner.is_empty()).then_some(condition), quote!(#others))
}

/// What stands between commas.
fn parts(list: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<_> = list.into_iter().collect();
    let parts = tokens.split(|token| is_punct(token, ',')).filter(|part| !part.is_empty());
    parts.map(|part| part.iter().cloned().collect()).collect()
}
