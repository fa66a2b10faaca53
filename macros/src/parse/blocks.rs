//! An `impl`, `mod` or `trait` that holds items.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use super::attribute::Attribute;
use super::tokens::{Angles, in_group, is_punct, without_fragments};

/// An `impl`, `mod` or `trait` with its items.
pub struct Block {
    pub keyword: Ident,
    /// Everything before the braces.
    pub head: TokenStream,
    pub braces: Group,
}

impl Block {
    /// The block that `keyword` starts, if it has braces.
    pub fn from_item(keyword: &Ident, written: &[TokenTree]) -> Option<Self> {
        if !["impl", "mod", "trait"].contains(&keyword.to_string().as_str()) {
            return None;
        }
        let (last, head) = written.split_last()?;
        let (keyword, head) = (keyword.clone(), head.iter().cloned().collect());
        Some(Self { keyword, head, braces: in_group(last, Delimiter::Brace)? })
    }

    /// The tokens of each item inside.
    pub fn items(&self) -> Vec<TokenStream> {
        parts(without_fragments(self.braces.stream(), false))
    }
}

/// The tokens of each item, or of each statement.
pub fn parts(inside: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<_> = inside.into_iter().collect();
    let mut rest = &tokens[..];
    let next = || rest.split_off(..item_length(rest)?);
    std::iter::from_fn(next).map(|item| item.iter().cloned().collect()).collect()
}

/// How many tokens the first item has: up to its semicolon or, where it has braces of its own, up
/// to these. A value may hold a `<` that nothing closes; braces in angle brackets are no body.
fn item_length(tokens: &[TokenTree]) -> Option<usize> {
    // Attributes of what is around are no part of the item.
    let mut behind = tokens;
    if !Attribute::take(&mut behind, "#!").is_empty() {
        return Some(tokens.len() - behind.len());
    }
    let mut angles = Angles::default();
    let is_end = |at: &usize| {
        let (before, token) = (&tokens[..*at], &tokens[*at]);
        let may_be_body = angles.pass(token) && in_group(token, Delimiter::Brace).is_some();
        is_punct(token, ';') || may_be_body && !has_value(before)
    };
    let last = (0..tokens.len()).find(is_end).or(tokens.len().checked_sub(1));
    last.map(|at| at + 1)
}

/// Whether the item is one that ends with a semicolon even when it holds braces:
/// `const X: T = { .. };`.
fn has_value(item: &[TokenTree]) -> bool {
    let words = item.iter().filter(|token| matches!(token, TokenTree::Ident(_)));
    let mut words = words.map(ToString::to_string).filter(|of| of != "pub" && of != "default");
    match (words.next().as_deref(), words.next().as_deref()) {
        (Some("static" | "type" | "use"), _) => true,
        (Some("const"), next) => !matches!(next, Some("fn" | "unsafe" | "extern" | "async")),
        _ => false,
    }
}
