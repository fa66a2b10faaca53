//! What is asked of tokens without parsing them.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::{Attribute, Meta};

/// The tokens without invisible groups (`$item:item`) around all of them.
pub fn without_fragment(tokens: TokenStream) -> TokenStream {
    let mut inside = tokens.clone().into_iter();
    match (inside.next(), inside.next()) {
        (Some(TokenTree::Group(only)), None) if only.delimiter() == Delimiter::None => {
            without_fragment(only.stream())
        }
        _ => tokens,
    }
}

/// The group in braces that the token is, also inside of a fragment (`$body:block`).
pub fn in_braces(token: &TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else { return None };
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => {
            let mut inside = group.stream().into_iter();
            let only = inside.next()?;
            if inside.next().is_some() { None } else { in_braces(&only) }
        }
        _ => None,
    }
}

/// The same braces around other tokens.
pub fn braced(braces: &Group, inside: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, inside);
    group.set_span(braces.span());
    group
}

pub fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether the tokens mention one of these words, also in groups.
pub fn mentions(tokens: TokenStream, words: &[String]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => words.iter().any(|wanted| word == wanted),
        TokenTree::Group(group) => mentions(group.stream(), words),
        _ => false,
    })
}

/// Whether the last segment of the attribute's path, also within `unsafe(..)`, is `name`.
pub fn is_attribute(attribute: &Attribute, name: &str) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("unsafe") => {
            let first = list.tokens.clone().into_iter().next();
            matches!(first, Some(TokenTree::Ident(word)) if word == name)
        }
        meta => meta.path().segments.last().is_some_and(|last| last.ident == name),
    }
}

/// Whether the attribute is `name`, or may become it: `#[cfg_attr(.., name)]`.
pub fn may_be_attribute(attribute: &Attribute, name: &str) -> bool {
    let conditional = || match &attribute.meta {
        Meta::List(list) => {
            list.path.is_ident("cfg_attr") && mentions(list.tokens.clone(), &[name.to_owned()])
        }
        _ => false,
    };
    is_attribute(attribute, name) || conditional()
}

/// Counts angle brackets where `<` is never "less than". The `>` of `->` and `=>` does not count.
#[derive(Default)]
pub struct Angles {
    depth: usize,
    after_arrow_shaft: bool,
}

impl Angles {
    pub fn outside(&self) -> bool {
        self.depth == 0
    }

    pub fn pass(&mut self, token: &TokenTree) {
        let TokenTree::Punct(punct) = token else {
            self.after_arrow_shaft = false;
            return;
        };
        match punct.as_char() {
            '<' => self.depth += 1,
            '>' if !self.after_arrow_shaft => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let is_shaft = matches!(punct.as_char(), '-' | '=');
        self.after_arrow_shaft = is_shaft && punct.spacing() == Spacing::Joint;
    }
}
