//! `#[cfg]` on a parameter, `self` among them.
//!
//! The attribute runs before the compiler decides which parameters there are. So the function goes
//! out twice, under the condition and under its negation, each annotated anew; the compiler drops
//! one of the two before it expands it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Meta, Token};

use super::signature;
use crate::parse::callback::{Body, Callback};
use crate::parse::options::Options;

/// The function twice, when one of its parameters has a condition.
pub fn split(callback: &Callback, options: &Options, runtime: &TokenStream) -> Option<TokenStream> {
    let mut inputs = callback.signature.inputs.iter().enumerate();
    let (at, condition) = inputs.find_map(|(at, input)| {
        let condition = attributes(input).iter().find_map(|of| condition(&of.meta))?;
        Some((at, condition))
    })?;
    let annotated = |there: bool| {
        let source = &options.source;
        let function = decided(callback, at, there);
        quote_spanned!(Span::mixed_site()=> #[#runtime::guarded_callback(#source)] #function)
    };
    let (with, without) = (annotated(true), annotated(false));
    Some(quote!(#[cfg(#condition)] #with #[cfg(not(#condition))] #without))
}

fn attributes(input: &FnArg) -> &[Attribute] {
    match input {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(parameter) => &parameter.attrs,
    }
}

/// What stands in the parentheses of `#[cfg(..)]`, also of one that stands in a `#[cfg_attr(..)]`.
fn condition(attribute: &Meta) -> Option<TokenStream> {
    let Meta::List(list) = attribute else { return None };
    if list.path.is_ident("cfg") {
        return Some(list.tokens.clone());
    }
    let parts = Punctuated::<Meta, Token![,]>::parse_terminated;
    let parts = list.path.is_ident("cfg_attr").then(|| list.parse_args_with(parts).ok())??;
    let inner: Vec<_> = parts.iter().skip(1).filter_map(condition).collect();
    let applies = parts.first().filter(|_| !inner.is_empty())?;
    Some(quote!(any(not(#applies), all(#(#inner),*))))
}

/// The function with the parameter that now is there for certain, or is not; nothing else changes.
fn decided(callback: &Callback, at: usize, there: bool) -> TokenStream {
    let inputs = callback.signature.inputs.iter().enumerate().filter_map(|(index, input)| {
        if index != at {
            return Some(input.to_token_stream());
        }
        let attributes = attributes(input);
        let first = attributes.iter().position(|of| condition(&of.meta).is_some());
        let others = attributes.iter().enumerate();
        let others = others.filter(|(index, _)| Some(*index) != first).map(|(_, other)| other);
        // An attribute is two tokens: `#` and a group.
        let rest = input.to_token_stream().into_iter().skip(2 * attributes.len());
        there.then(|| quote!(#(#others)* #(#rest)*))
    });
    let signature = signature::with_inputs(&callback.signature, &quote!(#(#inputs),*));
    let body = match &callback.body {
        Body::Block(braces) => braces.stream(),
        Body::Missing(_) => quote!(;),
    };
    signature::function(callback, &signature, body)
}
