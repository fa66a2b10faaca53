//! The return type on the closures.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::shim::Shim;
use crate::parse::tokens::{around, is_punct, is_word, mentions, take_until};

/// `-> Type`. What cannot be written on a closure (`impl Trait`) is left to inference, and for
/// clippy the lifetimes are, whose names it would take for used in the body.
pub fn annotation(shim: &Shim<'_>, is_for_clippy: bool) -> TokenStream {
    let ty = match written(shim) {
        [] => quote_spanned!(shim.site=> ()),
        ty if is_for_clippy || is_opaque(shim) => inferred(ty),
        ty => quote!(#(#ty)*),
    };
    quote_spanned!(shim.site=> -> #ty)
}

/// Whether only the function itself has the type, which is `impl Trait` in part.
pub fn is_opaque(shim: &Shim<'_>) -> bool {
    mentions(written(shim).iter().cloned(), "impl")
}

/// The type behind the two tokens of the arrow.
fn written<'shim>(shim: &'shim Shim<'_>) -> &'shim [TokenTree] {
    let output = take_until(&mut &*shim.callback.after, |token| is_word(token, "where"));
    output.get(2..).unwrap_or_default()
}

/// The type with `_` for `impl Trait`, and without the names of lifetimes. Signatures (`fn(..)`,
/// `for<'a> Fn(..)`) and macros stay as they are.
fn inferred(mut ty: &[TokenTree]) -> TokenStream {
    let one_of = |marks: &'static str| {
        move |token: &TokenTree| marks.chars().any(|mark| is_punct(token, mark))
    };
    let mut output: Vec<TokenTree> = Vec::new();
    while let Some(token) = ty.split_off_first() {
        match token {
            TokenTree::Ident(word) if word == "impl" => {
                take_until(&mut ty, one_of(",;>"));
                output.push(Ident::new("_", word.span()).into());
            }
            TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                let name = ty.split_off_first().map(|name| Ident::new("_", name.span()).into());
                if !output.last().is_some_and(|before| is_punct(before, '&')) {
                    output.extend([token.clone()].into_iter().chain(name));
                }
            }
            TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                let inside = inferred(&inside);
                // Around `_` parentheses would be unnecessary.
                let is_inferred = inside.to_string() == "_";
                match group.delimiter() {
                    Delimiter::Parenthesis if is_inferred => output.extend(inside),
                    _ => output.push(around(group, inside).into()),
                }
            }
            _ => {
                output.push(token.clone());
                if is_signature(token, ty.first()) {
                    output.extend_from_slice(take_until(&mut ty, one_of(",;>+")));
                }
            }
        }
    }
    output.into_iter().collect()
}

/// Whether a signature or the arguments of a macro begin between the two tokens.
fn is_signature(token: &TokenTree, next: Option<&TokenTree>) -> bool {
    let opens = matches!(next, Some(TokenTree::Group(_)));
    match token {
        TokenTree::Ident(word) if word == "mut" || word == "const" || word == "dyn" => false,
        TokenTree::Ident(word) => opens || word == "for",
        token => opens && is_punct(token, '!'),
    }
}
