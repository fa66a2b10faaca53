//! An `impl`, `mod` or `trait` that holds items.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use super::tokens::{Angles, in_braces, is_punct, without_fragments};

/// An `impl`, `mod` or `trait` with its items.
pub struct Block {
    pub keyword: Ident,
    /// Everything before the braces.
    pub head: TokenStream,
    pub braces: Group,
}

impl Block {
    /// The block that `keyword` starts, if it has braces.
    pub fn from_item(keyword: &Ident, tokens: &TokenStream) -> Option<Self> {
        if !["impl", "mod", "trait"].contains(&keyword.to_string().as_str()) {
            return None;
        }
        let mut head: Vec<_> = tokens.clone().into_iter().collect();
        let braces = in_braces(&head.pop()?)?;
        let head = without_fragments(head.into_iter().collect(), true);
        Some(Self { keyword: keyword.clone(), head, braces })
    }

    /// The tokens of each item inside.
    pub fn items(&self) -> Vec<TokenStream> {
        parts(without_fragments(self.braces.stream(), false))
    }
}

/// The tokens of each item, or of each statement.
pub fn parts(inside: TokenStream) -> Vec<TokenStream> {
    let mut tokens = inside.into_iter().collect();
    std::iter::from_fn(|| take_item(&mut tokens)).collect()
}

/// Takes one item: up to its semicolon or, where it has braces of its own, up to these. A value may
/// hold a `<` that nothing closes; braces in angle brackets are no body.
fn take_item(tokens: &mut VecDeque<TokenTree>) -> Option<TokenStream> {
    tokens.front()?;
    let mut taken = TokenStream::new();
    while let Some(length) = attribute_length(tokens) {
        taken.extend(tokens.drain(..length));
        if length == INNER_ATTRIBUTE {
            return Some(taken);
        }
    }
    let mut item = Vec::new();
    let mut angles = Angles::default();
    while let Some(token) = tokens.pop_front() {
        angles.pass(&token);
        let is_semicolon = is_punct(&token, ';');
        let is_body = angles.outside() && in_braces(&token).is_some() && !has_value(&item);
        item.push(token);
        if is_semicolon || is_body {
            break;
        }
    }
    taken.extend(item);
    Some(taken)
}

/// How many tokens there are in `#![..]`, an attribute of what is around.
const INNER_ATTRIBUTE: usize = 3;

/// How many tokens the attribute at the front has.
fn attribute_length(tokens: &VecDeque<TokenTree>) -> Option<usize> {
    let is_group = |at: usize| {
        let token = tokens.get(at);
        matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket)
    };
    if !is_punct(tokens.front()?, '#') {
        None
    } else if is_group(1) {
        Some(2)
    } else {
        (is_punct(tokens.get(1)?, '!') && is_group(2)).then_some(INNER_ATTRIBUTE)
    }
}

/// Whether the item is one that ends with a semicolon even when it holds braces:
/// `const X: T = { .. };`.
fn has_value(item: &[TokenTree]) -> bool {
    let mut words = item.iter().filter_map(|token| match token {
        TokenTree::Ident(word) => {
            Some(word.to_string()).filter(|word| word != "pub" && word != "default")
        }
        _ => None,
    });
    match words.next().as_deref() {
        Some("static" | "type" | "use") => true,
        Some("const") => {
            let function = ["fn", "unsafe", "extern", "async"];
            words.next().is_none_or(|word| !function.contains(&word.as_str()))
        }
        _ => false,
    }
}
