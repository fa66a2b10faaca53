//! What the attribute was put on.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::callback::{Callback, take_visibility};
use super::names::Around;
use super::tokens::{Attribute, Cursor, is_ident, is_punct};

/// An item, by what the attribute can do with it.
pub enum Item {
    Function(Box<Callback>),
    Block(Block),
    /// Anything else; `what` with its article.
    Other {
        what: String,
        span: Span,
    },
}

/// An `impl`, `mod` or `trait` with its items.
pub struct Block {
    pub keyword: Ident,
    /// Everything before the braces.
    pub head: TokenStream,
    pub braces: proc_macro2::Group,
}

impl Item {
    pub fn parse(item: TokenStream) -> Self {
        if let Some(callback) = Callback::parse(item.clone()) {
            return Self::Function(Box::new(callback));
        }
        Block::parse(item.clone()).map_or_else(|| Self::other(item), Self::Block)
    }

    fn other(item: TokenStream) -> Self {
        let mut cursor = Cursor::new(item);
        let Some((_, keyword)) = take_keyword(&mut cursor) else {
            let span = cursor.peek().map_or_else(Span::call_site, TokenTree::span);
            return Self::Other { what: "this".to_owned(), span };
        };
        let what = describe(&keyword, &cursor);
        Self::Other { what, span: keyword.span() }
    }
}

/// Takes attributes, visibility and what may stand before the keyword that says what an item is; and that keyword.
fn take_keyword(cursor: &mut Cursor) -> Option<(Vec<Attribute>, Ident)> {
    cursor.open_invisible();
    let attributes = cursor.take_attributes();
    take_visibility(cursor);
    loop {
        let word = cursor.take_ident(|_| true)?;
        let leads = ["unsafe", "default", "auto", "safe", "async", "move"].contains(&word.to_string().as_str());
        if !leads || !matches!(cursor.peek(), Some(TokenTree::Ident(_))) {
            return Some((attributes, word));
        }
    }
}

/// The item that `keyword` starts, with its article.
fn describe(keyword: &Ident, after: &Cursor) -> String {
    match keyword.to_string().as_str() {
        "extern" if after.peek().is_some_and(|token| is_ident(token, "crate")) => "an `extern crate`".to_owned(),
        "extern" => "an `extern` block".to_owned(),
        "let" => "a `let` statement".to_owned(),
        "enum" => "an `enum`".to_owned(),
        "impl" => "this `impl`".to_owned(),
        "use" => "a `use` declaration".to_owned(),
        "mod" => "a `mod` in another file".to_owned(),
        "type" => "a `type` alias".to_owned(),
        word @ ("struct" | "union" | "trait" | "static" | "const") => format!("a `{word}`"),
        _ if after.peek().is_some_and(|token| is_punct(token, '!')) => "a macro call".to_owned(),
        _ => "this".to_owned(),
    }
}

impl Block {
    fn parse(item: TokenStream) -> Option<Self> {
        let mut cursor = Cursor::new(item);
        cursor.open_invisible();
        let (_, keyword) = take_keyword(&mut cursor.clone())?;
        if !["impl", "mod", "trait"].contains(&keyword.to_string().as_str()) {
            return None;
        }
        let braces = cursor.take_last_group(Delimiter::Brace)?;
        Some(Self { keyword, head: cursor.rest(), braces })
    }

    /// The attributes in front of the block.
    pub fn attributes(&self) -> Vec<Attribute> {
        Cursor::new(self.head.clone()).take_attributes()
    }

    /// What is around the items.
    pub fn around(&self) -> Around {
        if self.keyword == "mod" {
            return Around::Nothing;
        }
        // Parameters stand behind `impl`, or behind the name of a trait.
        let mut tokens = self.head.clone().into_iter().skip_while(|token| !is_ident(token, &self.keyword.to_string()));
        let first = tokens.nth(if self.keyword == "trait" { 2 } else { 1 });
        if first.is_none_or(|token| is_punct(&token, '<')) { Around::Parameters } else { Around::SelfType }
    }

    /// The items inside, one stream each.
    pub fn items(&self) -> Vec<TokenStream> {
        let mut cursor = Cursor::new(self.braces.stream());
        std::iter::from_fn(|| take_item(&mut cursor)).collect()
    }
}

/// Takes one item: up to its semicolon or, where it has braces of its own, up to these.
fn take_item(cursor: &mut Cursor) -> Option<TokenStream> {
    cursor.open_invisible();
    if cursor.is_empty() {
        return None;
    }
    // One of the block's own.
    if let Some((Attribute { pound, group }, bang)) = cursor.take_inner_attribute() {
        return Some(quote::quote!(#pound #bang #group));
    }
    let attributes = cursor.take_attributes();
    let braces_end_it = !has_value(cursor.clone());
    let is_end = |token: &TokenTree| is_punct(token, ';') || (braces_end_it && ends_in_braces(token));
    let tokens = cursor.take_until(is_end);
    let end = cursor.next();
    Some(quote::quote!(#(#attributes)* #(#tokens)* #end))
}

/// Whether the item is one that ends with a semicolon even when it holds braces: `const X: T = { .. };`.
fn has_value(mut cursor: Cursor) -> bool {
    take_visibility(&mut cursor);
    cursor.take_keyword("default");
    let Some(keyword) = cursor.take_ident(|word| ["const", "static", "type", "use"].contains(&word)) else {
        return false;
    };
    let function = ["fn", "unsafe", "extern", "async"];
    keyword != "const" || cursor.take_ident(|word| function.contains(&word)).is_none()
}

/// Whether the token is a group in braces, or a fragment (`$body:block`) that is one.
fn ends_in_braces(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => super::tokens::unwrapped(group.clone()).delimiter() == Delimiter::Brace,
        _ => false,
    }
}
