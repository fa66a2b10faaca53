//! `#[cfg]` on a parameter.
//!
//! The attribute runs before the compiler decides which parameters there are. So the function goes out twice, under the condition
//! and under its negation, each annotated anew; the compiler drops one of the two before it expands it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::callback::{Callback, Parameter};
use super::options::Options;
use super::tokens::Attribute;

/// The function twice, when one of its parameters has a condition.
pub fn split(callback: &Callback, options: &Options, runtime: &TokenStream) -> Option<TokenStream> {
    let (at, condition) = callback.parameters.iter().enumerate().find_map(|(at, parameter)| {
        let condition = parameter.attributes.iter().find(|attribute| attribute.is("cfg"))?;
        Some((at, condition.arguments()?))
    })?;
    let with = annotated(&with_parameter(callback, at), options, runtime);
    let without = annotated(&without_parameter(callback, at), options, runtime);
    Some(quote!(#[cfg(#condition)] #with #[cfg(not(#condition))] #without))
}

fn annotated(callback: &TokenStream, options: &Options, runtime: &TokenStream) -> TokenStream {
    let source = &options.source;
    quote_spanned!(Span::mixed_site()=> #[#runtime::guarded_callback(#source)] #callback)
}

/// The function with the parameter that now is there for certain.
fn with_parameter(callback: &Callback, at: usize) -> TokenStream {
    let mut parameters = callback.parameters.clone();
    let attributes = &mut parameters[at].attributes;
    if let Some(first) = attributes.iter().position(|attribute: &Attribute| attribute.is("cfg")) {
        attributes.remove(first);
    }
    as_written(callback, &parameters)
}

fn without_parameter(callback: &Callback, at: usize) -> TokenStream {
    let mut parameters = callback.parameters.clone();
    parameters.remove(at);
    as_written(callback, &parameters)
}

/// The function with other parameters and nothing else changed.
fn as_written(callback: &Callback, parameters: &[Parameter]) -> TokenStream {
    let Callback { attributes, visibility, qualifiers, fn_keyword, name, generics, output, where_clause, body, .. } =
        callback;
    let qualifiers = &qualifiers.tokens;
    let receiver = callback.receiver.iter().map(|receiver| receiver.tokens.clone());
    let all = receiver.chain(parameters.iter().map(|parameter| quote!(#parameter)));
    quote! {
        #(#attributes)* #visibility #qualifiers #fn_keyword #name #generics (#(#all),*) #output #where_clause #body
    }
}
