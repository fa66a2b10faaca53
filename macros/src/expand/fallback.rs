//! The declared value that C gets when the body cannot give it one.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::parameter::Parameter;
use super::{Shim, result};

/// The fallback as a closure and a comma, with the span of its last token: that is where something
/// is missing, if anything is. It gets the arguments by reference, and copies those it mentions.
pub fn closure(shim: &Shim<'_>) -> TokenStream {
    let Some(fallback) = &shim.options.fallback else { return TokenStream::new() };
    let value = fallback.value.to_token_stream();
    let end = value.into_iter().last().map_or_else(Span::call_site, |token| token.span());
    let site = Span::mixed_site().located_at(end);
    let patterns = shim.parameters.iter().map(|parameter| match parameter.plain_name() {
        Some(name) if mentions(shim, parameter) => {
            // Located at the name, of which rustc says that it cannot be moved.
            let reference = quote_spanned!(site.located_at(name.span())=> &);
            quote!(#reference #name)
        }
        _ => quote_spanned!(site=> _),
    });
    let attributes = shim.parameters.iter().map(|_| TokenStream::new());
    let copied = shim.entry.parameters(attributes, patterns, site);
    // Of a tuple it gets the reference to all.
    let copied = if shim.entry.is_described() { in_tuple(shim, site) } else { copied };
    let keyword = shim.callback.receiver().map(|_| quote_spanned!(site=> move));
    let output = result::annotation(shim);
    let value = in_braces(&fallback.value, site);
    quote_spanned!(site=> #keyword |#copied| #output #value,)
}

/// Matched against a reference to the tuple of arguments: those that are mentioned are copied.
fn in_tuple(shim: &Shim<'_>, site: Span) -> TokenStream {
    let patterns = shim.parameters.iter().map(|parameter| match parameter.plain_name() {
        Some(name) if mentions(shim, parameter) => quote!(#name),
        _ => quote_spanned!(site=> _),
    });
    quote_spanned!(site=> &(#(#patterns,)*))
}

/// The value in braces. A block has its own, and would not need more.
pub fn in_braces(value: &Expr, site: Span) -> TokenStream {
    match value {
        Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
            block.to_token_stream()
        }
        value => quote_spanned!(site=> { #value }),
    }
}

/// Whether the fallback mentions the parameter, as far as its tokens tell.
pub fn mentions(shim: &Shim<'_>, parameter: &Parameter<'_>) -> bool {
    match (&shim.options.fallback, parameter.plain_name()) {
        (Some(fallback), Some(name)) => {
            mentioned(fallback.value.to_token_stream(), &name.to_string())
        }
        _ => false,
    }
}

fn mentioned(tokens: TokenStream, name: &str) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Ident(word) => word == name && !is_path_or_member(&tokens, at),
        TokenTree::Group(group) => mentioned(group.stream(), name),
        TokenTree::Literal(literal) => in_format_string(&literal.to_string(), name),
        TokenTree::Punct(_) => false,
    })
}

/// `.name`, `::name`, `name::` and `name!` are something else of the same name.
fn is_path_or_member(tokens: &[TokenTree], at: usize) -> bool {
    let is = |at: Option<usize>, wanted| {
        let token = at.and_then(|at| tokens.get(at));
        token.is_some_and(|token| crate::parse::tokens::is_punct(token, wanted))
    };
    let behind_colons = is(at.checked_sub(1), ':') && is(at.checked_sub(2), ':');
    let before_colons = is(Some(at + 1), ':') && is(Some(at + 2), ':');
    // `..name` is a range.
    let member = is(at.checked_sub(1), '.') && !is(at.checked_sub(2), '.');
    let is_macro = is(Some(at + 1), '!') && !is(Some(at + 2), '=');
    behind_colons || before_colons || member || is_macro
}

/// `"{name}"` and `"{name:?}"`.
fn in_format_string(literal: &str, name: &str) -> bool {
    literal.match_indices('{').any(|(at, _)| {
        let rest = literal[at + 1..].strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['}', ':']))
    })
}
