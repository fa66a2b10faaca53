//! The user's function with other parameters and another body.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Signature;

use crate::parse::callback::{Body, Callback};
use crate::parse::tokens::braced;

/// The signature with other parameters.
pub fn with_inputs(signature: &Signature, inputs: &TokenStream) -> TokenStream {
    let Signature { constness, asyncness, unsafety, abi, fn_token, ident, .. } = signature;
    let (generics, output) = (&signature.generics, &signature.output);
    let where_clause = &generics.where_clause;
    let mut tokens = quote!(#constness #asyncness #unsafety #abi #fn_token #ident #generics);
    signature.paren_token.surround(&mut tokens, |inside| inputs.to_tokens(inside));
    quote!(#tokens #output #where_clause)
}

/// The user's function with another signature and body.
pub fn function(callback: &Callback, signature: &impl ToTokens, body: TokenStream) -> TokenStream {
    let Callback { attributes, visibility, leading, .. } = callback;
    // The braces are where the user's were, so that the function is the user's to lints
    // (`missing_docs`).
    let body = match &callback.body {
        Body::Block(braces) => braced(braces, body).into_token_stream(),
        Body::Missing(_) => body,
    };
    quote!(#(#attributes)* #visibility #leading #signature #body)
}
