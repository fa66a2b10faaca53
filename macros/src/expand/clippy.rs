//! What clippy sees.
//!
//! Clippy runs nothing, so it gets the user's function, and says of it what it says without the
//! attribute. What only the options mention must count as used, though.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::shim::Shim;
use super::{description, fallback, function, result};
use crate::parse::blocks::parts;
use crate::parse::callback::Body;
use crate::parse::tokens::{in_group, without_fragments};

/// The user's function with a mention of its options, where they mention something.
pub fn twin(shim: &Shim<'_>) -> Option<TokenStream> {
    let Shim { options, private, .. } = shim;
    let site = shim.site;
    let Body::Block(braces) = &shim.callback.body else { return None };
    let names_reserve = !matches!(options.reserve.as_deref(), None | Some([TokenTree::Literal(_)]));
    let reserve = names_reserve.then(|| {
        let settings = description::settings(shim);
        quote_spanned!(site=> let _ = || #private::Callback::new("")#settings;)
    });
    let fallback = options.fallback.as_ref().map(|fallback| {
        let output = result::annotation(shim, true);
        let value = fallback::in_braces(fallback, site);
        match result::is_opaque(shim) {
            // The function alone has the type.
            true => quote_spanned!(site=> if false { return (|| #value)(); }),
            false => quote_spanned!(site=> let _ = || #output #value;),
        }
    });
    if reserve.is_none() && fallback.is_none() {
        return None;
    }
    let body = behind_items(&quote!(#reserve #fallback), braces.stream());
    Some(function(shim.callback, shim.callback.parentheses.stream(), body))
}

/// The body with a statement behind the items that it starts with: clippy wants those first.
fn behind_items(statement: &TokenStream, body: TokenStream) -> TokenStream {
    let words = "use fn pub const unsafe static struct enum type trait impl mod extern macro_rules";
    let is_no_word = |token: &TokenTree| !matches!(token, TokenTree::Ident(_));
    let is_other = |part: &TokenStream| {
        let mut tokens = part.clone().into_iter().skip_while(is_no_word);
        let word = tokens.next().map(|word| word.to_string());
        // `const { .. }` and `unsafe { .. }` are expressions.
        let is_block =
            tokens.next().is_some_and(|token| in_group(&token, Delimiter::Brace).is_some());
        is_block || !words.split(' ').any(|known| word.as_deref() == Some(known))
    };
    let mut items = parts(without_fragments(body.clone(), false));
    let first = items.iter().position(is_other).unwrap_or(0);
    let rest = items.split_off(first);
    if first == 0 { quote!(#statement #body) } else { quote!(#(#items)* #statement #(#rest)*) }
}
