//! Attributes. They are asked for little more than their names, and go out as they came in.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;

use super::tokens::{around, is_punct, is_word, mentions, without_fragments};

/// The name under which this attribute is known.
pub const ATTRIBUTE: &str = "guarded_callback";

/// An attribute. As tokens it is one of what follows.
#[derive(Clone)]
pub struct Attribute {
    hash: TokenTree,
    pub brackets: Group,
}

impl Attribute {
    /// Takes those at the front, which start with `#`, or with `#!` for what is around.
    pub fn take(tokens: &mut &[TokenTree], marks: &str) -> Vec<Self> {
        let mut attributes = Vec::new();
        while let Some((front, rest)) = tokens.split_at_checked(marks.len() + 1)
            && let [hash, .., TokenTree::Group(brackets)] = front
            && marks.chars().zip(front).all(|(mark, token)| is_punct(token, mark))
        {
            let inside = without_fragments(brackets.stream(), true);
            attributes.push(Self { hash: hash.clone(), brackets: around(brackets, inside) });
            *tokens = rest;
        }
        attributes
    }

    /// Those of an item, and the item behind them.
    pub fn split(item: TokenStream) -> (Vec<Self>, TokenStream) {
        let tokens: Vec<_> = item.into_iter().collect();
        let mut rest = &tokens[..];
        (Self::take(&mut rest, "#"), rest.iter().cloned().collect())
    }

    /// Whether it is the compiler's of this name, also within `unsafe(..)`.
    pub fn is(&self, name: &str) -> bool {
        let meta = self.brackets.stream();
        let mut path = listed(meta.clone(), "unsafe").unwrap_or(meta).into_iter();
        let is_named = path.next().is_some_and(|word| is_word(&word, name));
        is_named && path.next().is_none_or(|behind| !is_punct(&behind, ':'))
    }

    /// Whether its path names this one, or that of an attribute which it may become.
    pub fn may_be_ours(&self) -> bool {
        let mut path = self.brackets.stream().into_iter();
        path.any(|segment| is_word(&segment, ATTRIBUTE)) || self.may_be(ATTRIBUTE)
    }

    /// Whether it is `name`, or may become it: `#[cfg_attr(.., name)]`.
    pub fn may_be(&self, name: &str) -> bool {
        let conditional = listed(self.brackets.stream(), "cfg_attr");
        self.is(name) || conditional.is_some_and(|list| mentions(list, name))
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.hash.to_tokens(tokens);
        self.brackets.to_tokens(tokens);
    }
}

/// What stands in the parentheses of `name(..)`.
pub fn listed(meta: TokenStream, name: &str) -> Option<TokenStream> {
    let mut tokens = meta.into_iter();
    match (tokens.next()?, tokens.next()?) {
        (TokenTree::Ident(word), TokenTree::Group(list)) if word == name => Some(list.stream()),
        _ => None,
    }
}
