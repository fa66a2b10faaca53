//! Reading token streams: a cursor, and where commas and angle brackets stand.
//!
//! Tokens that a macro_rules fragment (`$vis`, `$t:ty`, `$body:block`) put in arrive in a group with invisible delimiters.
//! Where a keyword or a name may stand, the group is opened; in types, patterns and expressions it stays as it is, because it
//! holds the fragment together.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, TokenStream, TokenTree};

/// The tokens not read yet.
#[derive(Clone)]
pub struct Cursor(VecDeque<TokenTree>);

impl Iterator for Cursor {
    type Item = TokenTree;

    fn next(&mut self) -> Option<TokenTree> {
        self.0.pop_front()
    }
}

impl Cursor {
    pub fn new(tokens: TokenStream) -> Self {
        Self(tokens.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn peek(&self) -> Option<&TokenTree> {
        self.0.front()
    }

    /// The token after the next one.
    pub fn peek_second(&self) -> Option<&TokenTree> {
        self.0.get(1)
    }

    /// Takes the delimiters off the invisible groups that come next.
    pub fn open_invisible(&mut self) {
        while let Some(TokenTree::Group(group)) = self.0.front() {
            if group.delimiter() != Delimiter::None {
                return;
            }
            let inside = group.stream();
            self.0.pop_front();
            for token in inside.into_iter().collect::<Vec<_>>().into_iter().rev() {
                self.0.push_front(token);
            }
        }
    }

    /// Takes the next token if it is an identifier or keyword that `accept` likes.
    pub fn take_ident(&mut self, accept: impl FnOnce(&str) -> bool) -> Option<Ident> {
        self.open_invisible();
        match self.peek() {
            Some(TokenTree::Ident(ident)) if accept(&ident.to_string()) => {
                let ident = ident.clone();
                self.next();
                Some(ident)
            }
            _ => None,
        }
    }

    pub fn take_keyword(&mut self, keyword: &str) -> Option<Ident> {
        self.take_ident(|word| word == keyword)
    }

    pub fn take_punct(&mut self, wanted: char) -> Option<Punct> {
        match self.peek() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == wanted => {
                let punct = punct.clone();
                self.next();
                Some(punct)
            }
            _ => None,
        }
    }

    pub fn take_group(&mut self, delimiter: Delimiter) -> Option<Group> {
        self.open_invisible();
        match self.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
                let group = group.clone();
                self.next();
                Some(group)
            }
            _ => None,
        }
    }

    /// Takes `#[..]`s, as many as come.
    pub fn take_attributes(&mut self) -> Vec<Attribute> {
        std::iter::from_fn(|| self.take_attribute()).collect()
    }

    fn take_attribute(&mut self) -> Option<Attribute> {
        self.open_invisible();
        let follows =
            matches!(self.peek_second(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
        let pound = if follows { self.take_punct('#')? } else { return None };
        let group = self.take_group(Delimiter::Bracket)?;
        Some(Attribute { pound, group })
    }

    /// Takes a `#![..]`; its `!` apart from the rest.
    pub fn take_inner_attribute(&mut self) -> Option<(Attribute, Punct)> {
        let mut ahead = self.clone();
        let pound = ahead.take_punct('#')?;
        let bang = ahead.take_punct('!')?;
        let group = ahead.take_group(Delimiter::Bracket)?;
        *self = ahead;
        Some((Attribute { pound, group }, bang))
    }

    /// Takes what stands between `<` and its `>`, both included, if a `<` comes next.
    pub fn take_angle_brackets(&mut self) -> TokenStream {
        let mut angles = Angles::default();
        let mut taken = TokenStream::new();
        while let Some(token) = self.peek() {
            let was_outside = angles.outside();
            angles.pass(token);
            if was_outside && angles.outside() {
                break;
            }
            taken.extend(self.next());
            if angles.outside() {
                break;
            }
        }
        taken
    }

    /// Takes everything up to a token that `stop` likes and that stands outside of angle brackets.
    pub fn take_until(&mut self, stop: impl Fn(&TokenTree) -> bool) -> Vec<TokenTree> {
        let mut angles = Angles::default();
        let mut taken = Vec::new();
        while let Some(token) = self.peek() {
            if angles.outside() && stop(token) {
                break;
            }
            angles.pass(token);
            taken.extend(self.next());
        }
        taken
    }

    pub fn rest(self) -> TokenStream {
        self.0.into_iter().collect()
    }

    /// Takes the last token, if it is a group in `delimiter`, also when a fragment wraps it.
    pub fn take_last_group(&mut self, delimiter: Delimiter) -> Option<Group> {
        let Some(TokenTree::Group(last)) = self.0.back() else { return None };
        let group = unwrapped(last.clone());
        if group.delimiter() != delimiter {
            return None;
        }
        self.0.pop_back();
        Some(group)
    }

    /// Takes the last token, if it is this one.
    pub fn take_last_punct(&mut self, wanted: char) -> Option<Punct> {
        match self.0.back() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == wanted => {
                let punct = punct.clone();
                self.0.pop_back();
                Some(punct)
            }
            _ => None,
        }
    }
}

/// An attribute as written. What it says is only looked at by name.
#[derive(Clone)]
pub struct Attribute {
    pub pound: Punct,
    pub group: Group,
}

impl Attribute {
    /// Whether the last segment of the attribute's path, also within `unsafe(..)`, is `name`.
    pub fn is(&self, name: &str) -> bool {
        self.path_end().is_some_and(|end| end == name)
    }

    /// What stands in the parentheses.
    pub fn arguments(&self) -> Option<TokenStream> {
        match self.group.stream().into_iter().last() {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        }
    }

    fn path_end(&self) -> Option<Ident> {
        let mut cursor = Cursor::new(self.group.stream());
        if cursor.take_keyword("unsafe").is_some() {
            cursor = Cursor::new(cursor.take_group(Delimiter::Parenthesis)?.stream());
        }
        let mut end = None;
        loop {
            while cursor.take_punct(':').is_some() {}
            match cursor.take_ident(|_| true) {
                Some(ident) => end = Some(ident),
                None => return end,
            }
        }
    }
}

impl quote::ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pound.to_tokens(tokens);
        self.group.to_tokens(tokens);
    }
}

/// Counts angle brackets in types and patterns, where `<` is never "less than". The `>` of `->` and `=>` does not count.
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
        self.after_arrow_shaft = matches!(punct.as_char(), '-' | '=') && punct.spacing() == Spacing::Joint;
    }
}

/// The group inside of as many invisible groups as hold it alone.
pub fn unwrapped(mut group: Group) -> Group {
    while group.delimiter() == Delimiter::None {
        let mut inside = group.stream().into_iter();
        match (inside.next(), inside.next()) {
            (Some(TokenTree::Group(only)), None) => group = only,
            _ => break,
        }
    }
    group
}

pub fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

pub fn is_ident(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == wanted)
}

pub fn is_group(token: &TokenTree, wanted: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == wanted)
}
