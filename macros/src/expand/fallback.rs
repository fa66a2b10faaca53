//! The declared value that C gets when the body cannot give it one.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

use super::result;
use super::shim::{Entry, Shim};
use crate::parse::input::Input;
use crate::parse::tokens::{begins_with_block, in_group, is_punct};

/// The fallback as a closure and a comma, with the span of its last token: that is where something
/// is missing, if anything is. It gets the arguments by reference, and copies those it mentions.
pub fn closure(shim: &Shim<'_>) -> TokenStream {
    let Some(fallback) = &shim.options.fallback else { return TokenStream::new() };
    let end = fallback.last().map_or_else(Span::call_site, TokenTree::span);
    let site = Span::mixed_site().located_at(end);
    let copied = copied(shim, site);
    let keyword = shim.callback.signature.receiver().map(|_| quote_spanned!(site=> move));
    let output = result::annotation(shim, false);
    let value = in_braces(fallback, site);
    // Only patterns and items can give a parameter's name to something else.
    let binds = ["let ", "fn ", "|", "=>"].iter().any(|sign| value.to_string().contains(sign));
    let used = used(shim, |name| binds && mentions(shim.callback.body.tokens(), name));
    let value = if used.is_empty() { value } else { quote_spanned!(site=> { #used #value }) };
    quote_spanned!(site=> #keyword |#copied| #output #value,)
}

/// Patterns for a reference to each argument, or for one to the tuple of all.
fn copied(shim: &Shim<'_>, site: Span) -> TokenStream {
    let in_tuple = matches!(shim.entry, Entry::Described);
    let each = shim.parameters.iter().map(|of| match mentioned_name(shim, of.written) {
        Some(name) if in_tuple => name.to_token_stream(),
        Some(name) => {
            // Located at the name, of which rustc says that it cannot be moved.
            let reference = quote_spanned!(site.located_at(name.span())=> &);
            quote!(#reference #name)
        }
        None => quote_spanned!(site=> _),
    });
    if in_tuple { quote_spanned!(site=> &(#(#each,)*)) } else { quote_spanned!(site=> #(#each),*) }
}

/// The value in braces. A block has its own, and would not need more.
pub fn in_braces(value: &[TokenTree], site: Span) -> TokenStream {
    let tokens = quote!(#(#value)*);
    match value {
        [block] if in_group(block, Delimiter::Brace).is_some() => tokens,
        _ if begins_with_block(&tokens) => quote_spanned!(site=> { (#tokens) }),
        _ => quote_spanned!(site=> { #tokens }),
    }
}

/// Statements that use the parameters which the fallback mentions, and which are `needed`: in the
/// body all, in the fallback those that the body uses, for it may mean something else by the name.
pub fn used(shim: &Shim<'_>, needed: impl Fn(&str) -> bool) -> TokenStream {
    let names = shim.parameters.iter().filter_map(|of| mentioned_name(shim, of.written));
    let names = names.filter(|name| needed(&name.unraw().to_string()));
    names.map(|name| quote_spanned!(shim.site=> let _ = &#name;)).collect()
}

/// The parameter's name where the fallback mentions it, as far as its tokens tell.
fn mentioned_name<'item>(shim: &Shim<'_>, of: &'item Input) -> Option<&'item Ident> {
    let value = shim.options.fallback.as_ref()?;
    let name = of.only_name()?;
    mentions(value.iter().cloned(), &name.unraw().to_string()).then_some(name)
}

fn mentions(tokens: impl IntoIterator<Item = TokenTree>, name: &str) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Ident(word) => word.unraw() == name && !is_path_or_member(&tokens, at),
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Literal(literal) => in_format_string(&literal.to_string(), name),
        TokenTree::Punct(_) => false,
    })
}

/// `.name`, `'name`, `::name`, `name::`, `name: ..` and `name!` are something else.
fn is_path_or_member(tokens: &[TokenTree], at: usize) -> bool {
    let is = |at: Option<usize>, wanted| {
        let token = at.and_then(|at| tokens.get(at));
        token.is_some_and(|token| is_punct(token, wanted))
    };
    let behind_colons = is(at.checked_sub(1), ':') && is(at.checked_sub(2), ':');
    // `..name` is a range.
    let member = is(at.checked_sub(1), '.') && !is(at.checked_sub(2), '.');
    let is_macro = is(Some(at + 1), '!') && !is(Some(at + 2), '=');
    behind_colons || is(Some(at + 1), ':') || member || is_macro || is(at.checked_sub(1), '\'')
}

/// `"{name}"`, `"{name }"`, `"{name:?}"` and `"{:name$}"`.
fn in_format_string(literal: &str, name: &str) -> bool {
    literal.match_indices(name).any(|(at, _)| {
        let (before, after) = (&literal[..at], &literal[at + name.len()..]);
        let is_all = after.trim_start().starts_with(['}', ':']);
        before.ends_with('{') && is_all || after.starts_with('$')
    })
}
