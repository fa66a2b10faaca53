//! What clippy sees.
//!
//! Clippy runs nothing, so it gets the user's function, and says of it what it says without the
//! attribute. What only the options mention must count as used, though.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use super::shim::Shim;
use super::signature::function;
use super::{description, fallback, result};
use crate::parse::callback::Body;

/// The user's function with a mention of its options, where they mention something.
pub fn twin(shim: &Shim<'_>) -> Option<TokenStream> {
    let Shim { options, private, .. } = shim;
    let site = shim.site;
    let Body::Block(braces) = &shim.callback.body else { return None };
    let names_reserve =
        options.reserve.as_ref().is_some_and(|bytes| has_names(bytes.to_token_stream()));
    let reserve = names_reserve.then(|| {
        let settings = description::settings(shim);
        quote_spanned!(site=> let _ = || #private::Callback::new("")#settings;)
    });
    let fallback = options.fallback.as_ref().map(|fallback| {
        let output = result::annotation(shim);
        let value = fallback::in_braces(&fallback.value, site);
        quote_spanned!(site=> let _ = || #output #value;)
    });
    if reserve.is_none() && fallback.is_none() {
        return None;
    }
    let body = braces.stream();
    let body = quote_spanned!(site=> #reserve #fallback #body);
    Some(function(shim.callback, &shim.callback.signature, body))
}

fn has_names(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Group(group) => has_names(group.stream()),
        _ => false,
    })
}
