//! The user's signature with other parameters.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Signature;

pub fn with_inputs(signature: &Signature, inputs: &TokenStream) -> TokenStream {
    let Signature { constness, asyncness, unsafety, abi, fn_token, ident, .. } = signature;
    let (generics, output) = (&signature.generics, &signature.output);
    let where_clause = &generics.where_clause;
    let mut tokens = quote!(#constness #asyncness #unsafety #abi #fn_token #ident #generics);
    signature.paren_token.surround(&mut tokens, |inside| inputs.to_tokens(inside));
    quote!(#tokens #output #where_clause)
}
