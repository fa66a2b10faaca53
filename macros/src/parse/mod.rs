//! What the attribute was put on. Signatures and options are read by syn; bodies stay tokens.

pub mod blocks;
pub mod callback;
pub mod options;
mod size;
pub mod tokens;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

use self::blocks::Block;
use self::callback::Callback;
use self::tokens::without_fragments;

/// An item with its attributes.
pub struct Item {
    /// Those that the function did not take.
    attributes: Vec<Attribute>,
    pub kind: Kind,
}

/// An item, by what the attribute can do with it.
pub enum Kind {
    Function(Box<Callback>),
    Block(Block),
    MacroCall(Span, TokenStream),
    /// Anything else, with its article.
    Other(&'static str, Span),
    /// A function whose signature syn does not know.
    Unreadable(syn::Error),
}

impl Item {
    pub fn parse(tokens: TokenStream) -> Self {
        let tokens = without_fragments(tokens, false);
        let read = |input: ParseStream<'_>| Self::read(input, &tokens);
        // The body stays as it is.
        let mut head: Vec<_> = tokens.clone().into_iter().collect();
        let body = head.pop();
        let head = without_fragments(head.into_iter().collect(), true);
        read.parse2(head.into_iter().chain(body).collect())
            .unwrap_or_else(|error| Self { attributes: Vec::new(), kind: Kind::Unreadable(error) })
    }

    pub fn attributes(&self) -> &[Attribute] {
        match &self.kind {
            Kind::Function(callback) => &callback.attributes,
            _ => &self.attributes,
        }
    }

    fn read(input: ParseStream<'_>, tokens: &TokenStream) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if callback::starts_function(input) {
            return Ok(Self::read_function(input, attributes, visibility, tokens));
        }
        let kind = Kind::read_other(input, tokens);
        input.parse::<TokenStream>()?;
        Ok(Self { attributes, kind })
    }

    fn read_function(
        input: ParseStream<'_>,
        mut attributes: Vec<Attribute>,
        visibility: Visibility,
        tokens: &TokenStream,
    ) -> Self {
        let callback = Callback::read(input, &mut attributes, visibility, tokens.clone());
        let kind = match callback {
            Ok(callback) => Kind::Function(Box::new(callback)),
            Err(error) => {
                // The error is reported; that tokens are left over would be another one.
                let _ = input.parse::<TokenStream>();
                Kind::Unreadable(error)
            }
        };
        Self { attributes, kind }
    }
}

impl Kind {
    /// Reads what is no function, from behind the visibility.
    fn read_other(input: ParseStream<'_>, tokens: &TokenStream) -> Self {
        let start = input.span();
        let _ = input.parse::<Option<Token![::]>>();
        let Some(keyword) = read_keyword(input) else {
            return Self::Other("this", start);
        };
        if let Some(block) = Block::from_item(&keyword, tokens) {
            return Self::Block(block);
        }
        if input.peek(Token![!]) || input.peek(Token![::]) {
            return Self::MacroCall(keyword.span(), tokens.clone());
        }
        Self::Other(described(&keyword, input), keyword.span())
    }
}

/// Reads the keyword that says what an item is, and what may stand before it.
fn read_keyword(input: ParseStream<'_>) -> Option<Ident> {
    loop {
        let word = input.call(Ident::parse_any).ok()?;
        let leads = ["unsafe", "default", "auto", "safe", "async", "move"]
            .contains(&word.to_string().as_str());
        if !leads || !input.peek(Ident::peek_any) {
            return Some(word);
        }
    }
}

/// The item that `keyword` starts, with its article.
fn described(keyword: &Ident, after: ParseStream<'_>) -> &'static str {
    match keyword.to_string().as_str() {
        "extern" if after.peek(Token![crate]) => "an `extern crate`",
        "extern" => "an `extern` block",
        "let" => "a `let` statement",
        "enum" => "an `enum`",
        "impl" => "this `impl`",
        "use" => "a `use` declaration",
        "mod" => "a `mod` in another file",
        "type" => "a `type` alias",
        "struct" => "a `struct`",
        "union" => "a `union`",
        "trait" => "a `trait`",
        "static" => "a `static`",
        "const" => "a `const`",
        _ => "this",
    }
}

/// Whether tokens hold the definition of a function with an ABI: `extern "C" fn name`, also with
/// the name still to be filled in by a macro.
pub fn holds_extern_function(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Group(group) => holds_extern_function(group.stream()),
        TokenTree::Ident(word) if word == "extern" => {
            let mut after = tokens[at + 1..].iter().peekable();
            let is_abi = |token: &&TokenTree| match token {
                TokenTree::Literal(_) => true,
                TokenTree::Group(group) => group.delimiter() == Delimiter::None,
                _ => false,
            };
            after.next_if(is_abi);
            let is_fn = matches!(after.next(), Some(TokenTree::Ident(word)) if word == "fn");
            is_fn && !matches!(after.next(), None | Some(TokenTree::Group(_)))
        }
        _ => false,
    })
}
