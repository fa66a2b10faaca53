//! What the attribute was put on. Signatures and options are read by syn; bodies stay tokens.

pub mod attribute;
pub mod blocks;
pub mod callback;
pub mod input;
pub mod options;
mod size;
pub mod tokens;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Token, Visibility};

use self::attribute::Attribute;
use self::blocks::Block;
use self::callback::Callback;
use self::tokens::{is_word, without_fragments};

/// An item with its attributes.
pub struct Item {
    /// The body's own among them.
    pub attributes: Vec<Attribute>,
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
        // The body stays as it is.
        let mut head: Vec<_> = tokens.clone().into_iter().collect();
        let body = head.pop();
        let head = without_fragments(head.into_iter().collect(), true);
        let item: Vec<_> = head.into_iter().chain(body).collect();
        let mut written = &item[..];
        let mut attributes = Attribute::take(&mut written, "#");
        let read = |input: ParseStream<'_>| {
            input.parse::<Visibility>()?;
            let kind = match callback::starts_function(input) {
                true => Callback::read(input, tokens, &mut attributes, written)
                    .map_or_else(Kind::Unreadable, |callback| Kind::Function(Box::new(callback))),
                false => Kind::read_other(input, &item),
            };
            // That tokens are left over would be another error.
            input.parse::<TokenStream>()?;
            Ok(kind)
        };
        let kind = read.parse2(written.iter().cloned().collect());
        Self { kind: kind.unwrap_or_else(Kind::Unreadable), attributes }
    }
}

impl Kind {
    /// Reads what is no function, from behind the visibility.
    fn read_other(input: ParseStream<'_>, written: &[TokenTree]) -> Self {
        let start = input.span();
        let _ = input.parse::<Option<Token![::]>>();
        let Some(keyword) = read_keyword(input) else { return Self::Other("this", start) };
        if let Some(block) = Block::from_item(&keyword, written) {
            return Self::Block(block);
        }
        if input.peek(Token![!]) || input.peek(Token![::]) {
            return Self::MacroCall(keyword.span(), written.iter().cloned().collect());
        }
        Self::Other(described(&keyword, input), keyword.span())
    }
}

/// Reads the keyword that says what an item is, and what may stand before it.
fn read_keyword(input: ParseStream<'_>) -> Option<Ident> {
    loop {
        let word = input.call(Ident::parse_any).ok()?;
        let leads = ["unsafe", "default", "auto", "safe", "async", "move"];
        let leads = leads.contains(&word.to_string().as_str());
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
    let is_abi = |token: &TokenTree| match token {
        TokenTree::Group(fragment) => fragment.delimiter() == Delimiter::None,
        token => matches!(token, TokenTree::Literal(_)),
    };
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Group(group) => holds_extern_function(group.stream()),
        TokenTree::Ident(word) if word == "extern" => {
            let mut after = tokens[at + 1..].iter().skip_while(|of| is_abi(of));
            let is_function = after.next().is_some_and(|word| is_word(word, "fn"));
            is_function && after.next().is_some_and(|name| !matches!(name, TokenTree::Group(_)))
        }
        _ => false,
    })
}
