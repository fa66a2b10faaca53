//! A function as the attribute sees it: the signature in parts, the body a group of tokens that nobody looks into.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::tokens::{Attribute, Cursor, is_ident, is_punct};

/// A function, also one that cannot be guarded.
#[derive(Clone)]
pub struct Callback {
    pub attributes: Vec<Attribute>,
    pub visibility: TokenStream,
    pub qualifiers: Qualifiers,
    pub fn_keyword: Ident,
    pub name: Ident,
    pub generics: TokenStream,
    /// The parentheses of the parameters.
    pub parentheses: Group,
    pub receiver: Option<Receiver>,
    pub parameters: Vec<Parameter>,
    /// The first parameter that could not be read, which rustc will have refused as well.
    pub unreadable: Option<Span>,
    /// The dots of a C-variadic definition.
    pub variadic: Option<Span>,
    pub output: Output,
    pub where_clause: TokenStream,
    pub body: Body,
}

/// What stands before `fn`.
#[derive(Clone, Default)]
pub struct Qualifiers {
    /// All of them, as written.
    pub tokens: TokenStream,
    pub constness: Option<Ident>,
    pub asyncness: Option<Ident>,
    pub abi: Option<Abi>,
}

/// `extern`, and the string after it.
#[derive(Clone)]
pub struct Abi {
    pub name: Option<Literal>,
}

/// `self` in one of its forms.
#[derive(Clone)]
pub struct Receiver {
    /// As written, with attributes.
    pub tokens: TokenStream,
    /// The `self` in it.
    pub keyword: Ident,
    /// Whether it starts with `&`, so that it is a reference for certain.
    pub by_reference: bool,
}

/// One parameter that is not `self`.
#[derive(Clone)]
pub struct Parameter {
    pub attributes: Vec<Attribute>,
    pub pattern: Vec<TokenTree>,
    pub colon: Punct,
    pub ty: TokenStream,
}

/// The return type.
#[derive(Clone, Default)]
pub struct Output {
    /// `->`.
    pub arrow: TokenStream,
    /// Empty where there is no arrow.
    pub ty: TokenStream,
}

/// What the function ends with.
#[derive(Clone)]
pub enum Body {
    Block(Group),
    /// A declaration; the place where the body is missing.
    Missing(TokenTree),
}

impl Callback {
    /// Reads a function. `None` when `item` is something else.
    pub fn parse(item: TokenStream) -> Option<Self> {
        let mut cursor = Cursor::new(item);
        cursor.open_invisible();
        let attributes = cursor.take_attributes();
        let visibility = take_visibility(&mut cursor);
        let qualifiers = Qualifiers::take(&mut cursor);
        let fn_keyword = cursor.take_keyword("fn")?;
        let name = cursor.take_ident(|_| true)?;
        let generics = cursor.take_angle_brackets();
        let parentheses = cursor.take_group(Delimiter::Parenthesis)?;
        let body = take_body(&mut cursor)?;
        let output = Output::take(&mut cursor);
        let where_clause = cursor.rest();
        let mut callback = Self {
            attributes,
            visibility,
            qualifiers,
            fn_keyword,
            name,
            generics,
            parentheses,
            receiver: None,
            parameters: Vec::new(),
            unreadable: None,
            variadic: None,
            output,
            where_clause,
            body,
        };
        callback.read_parameters();
        Some(callback)
    }

    /// Whether the attribute on a whole block applies to this function.
    pub fn is_eligible(&self) -> bool {
        let has_abi = self.qualifiers.abi.as_ref().is_some_and(|abi| !abi.is_rust());
        let can_move =
            self.qualifiers.constness.is_none() && self.qualifiers.asyncness.is_none() && self.variadic.is_none();
        has_abi && can_move && matches!(self.body, Body::Block(_)) && !self.is_naked()
    }

    pub fn is_unsafe(&self) -> bool {
        self.qualifiers.tokens.clone().into_iter().any(|token| is_ident(&token, "unsafe"))
    }

    /// Whether panics and exceptions may leave the function.
    pub fn unwinds(&self) -> bool {
        self.qualifiers.abi.as_ref().is_some_and(Abi::unwinds)
    }

    /// Whether the body is assembly without a frame.
    pub fn is_naked(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.is("naked"))
    }

    fn read_parameters(&mut self) {
        let mut cursor = Cursor::new(self.parentheses.stream());
        while !cursor.is_empty() {
            self.read_parameter(&mut cursor);
            cursor.take_punct(',');
        }
    }

    fn read_parameter(&mut self, cursor: &mut Cursor) {
        let attributes = cursor.take_attributes();
        let first = self.receiver.is_none() && self.parameters.is_empty();
        let start = cursor.peek().map(TokenTree::span);
        let tokens = cursor.take_until(|token| is_punct(token, ','));
        let receiver = if first { Receiver::read(&attributes, &tokens) } else { None };
        if receiver.is_some() {
            self.receiver = receiver;
        } else if let Some(dots) = variadic(&tokens) {
            self.variadic = Some(dots);
        } else if let Some(parameter) = Parameter::read(attributes, &tokens) {
            self.parameters.push(parameter);
        } else {
            self.unreadable = self.unreadable.or(start).or(Some(self.parentheses.span()));
        }
    }
}

/// Takes `pub`, `pub(..)`, or nothing.
pub fn take_visibility(cursor: &mut Cursor) -> TokenStream {
    let Some(keyword) = cursor.take_keyword("pub") else { return TokenStream::new() };
    let restriction = cursor.take_group(Delimiter::Parenthesis);
    quote!(#keyword #restriction)
}

/// Takes what the function ends with: the body is its last token.
fn take_body(cursor: &mut Cursor) -> Option<Body> {
    if let Some(semicolon) = cursor.take_last_punct(';') {
        return Some(Body::Missing(TokenTree::Punct(semicolon)));
    }
    cursor.take_last_group(Delimiter::Brace).map(Body::Block)
}

/// The dots of `...` or `name: ...`.
fn variadic(tokens: &[TokenTree]) -> Option<Span> {
    match tokens {
        [.., a, b, c] if is_punct(a, '.') && is_punct(b, '.') && is_punct(c, '.') => Some(a.span()),
        _ => None,
    }
}

impl Qualifiers {
    const WORDS: [&str; 7] = ["default", "const", "async", "gen", "unsafe", "safe", "extern"];

    fn take(cursor: &mut Cursor) -> Self {
        let mut qualifiers = Self::default();
        while let Some(word) = cursor.take_ident(|word| Self::WORDS.contains(&word)) {
            word.to_tokens(&mut qualifiers.tokens);
            if word == "const" {
                qualifiers.constness = Some(word);
            } else if word == "async" || word == "gen" {
                qualifiers.asyncness = Some(word);
            } else if word == "extern" {
                qualifiers.take_abi(cursor);
            }
        }
        qualifiers
    }

    fn take_abi(&mut self, cursor: &mut Cursor) {
        cursor.open_invisible();
        let name = match cursor.peek() {
            Some(TokenTree::Literal(literal)) => Some(literal.clone()),
            _ => None,
        };
        if name.is_some() {
            self.tokens.extend(cursor.next());
        }
        self.abi = Some(Abi { name });
    }
}

impl Abi {
    /// Whether panics and exceptions may leave a function of this ABI.
    pub fn unwinds(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.to_string().trim_end_matches(['"', '#']).ends_with("-unwind"))
    }

    pub fn is_rust(&self) -> bool {
        let written = self.name.as_ref().map(ToString::to_string);
        written.is_some_and(|name| name.trim_matches(['r', '#']) == "\"Rust\"")
    }
}

impl Receiver {
    fn read(attributes: &[Attribute], tokens: &[TokenTree]) -> Option<Self> {
        let mut cursor = Cursor::new(tokens.iter().cloned().collect());
        let by_reference = cursor.take_punct('&').is_some();
        if cursor.take_punct('\'').is_some() {
            cursor.take_ident(|_| true);
        }
        cursor.take_keyword("mut");
        let keyword = cursor.take_keyword("self")?;
        let tokens = quote!(#(#attributes)* #(#tokens)*);
        Some(Self { tokens, keyword, by_reference })
    }
}

impl Parameter {
    fn read(attributes: Vec<Attribute>, tokens: &[TokenTree]) -> Option<Self> {
        let colon_at = single_colon(tokens)?;
        let TokenTree::Punct(colon) = tokens[colon_at].clone() else { return None };
        let pattern = tokens[..colon_at].to_vec();
        let ty = tokens[colon_at + 1..].iter().cloned().collect::<TokenStream>();
        let complete = !pattern.is_empty() && !ty.is_empty();
        complete.then_some(Self { attributes, pattern, colon, ty })
    }

    /// The name, where the pattern is nothing but a name that binds by value. A name in capitals may be a constant or a unit
    /// struct, which binds nothing.
    pub fn plain_name(&self) -> Option<&Ident> {
        match self.pattern.as_slice() {
            [TokenTree::Ident(name)] if binds(name) => Some(name),
            _ => None,
        }
    }

    /// The name of a parameter that binds one by value, `mut` or not.
    pub fn name(&self) -> Option<&Ident> {
        self.plain_name().or(self.mutable_name())
    }

    /// The name in `mut name`.
    pub fn mutable_name(&self) -> Option<&Ident> {
        match self.pattern.as_slice() {
            [keyword, TokenTree::Ident(name)] if is_ident(keyword, "mut") && binds(name) => Some(name),
            _ => None,
        }
    }

    pub fn is_wildcard(&self) -> bool {
        matches!(self.pattern.as_slice(), [only] if is_ident(only, "_"))
    }
}

fn binds(name: &Ident) -> bool {
    let name = name.to_string();
    name != "_" && !name.starts_with(char::is_uppercase)
}

impl ToTokens for Parameter {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, pattern, colon, ty } = self;
        tokens.extend(quote!(#(#attributes)* #(#pattern)* #colon #ty));
    }
}

/// Where the colon between pattern and type stands, which is not half of a `::`. It may come right before one: `x: ::std::T`.
fn single_colon(tokens: &[TokenTree]) -> Option<usize> {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                let doubled = tokens.get(at + 1).is_some_and(|next| is_punct(next, ':'));
                if punct.spacing() == Spacing::Alone || !doubled {
                    return Some(at);
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

impl Output {
    fn take(cursor: &mut Cursor) -> Self {
        let starts = cursor.peek().is_some_and(|token| is_punct(token, '-'));
        if !starts {
            return Self::default();
        }
        let arrow = [cursor.next(), cursor.next()].into_iter().flatten().collect();
        let ty = cursor.take_until(|token| is_ident(token, "where")).into_iter().collect();
        Self { arrow, ty }
    }

    /// Whether a type is written that has values.
    pub fn has_value(&self) -> bool {
        !self.ty.is_empty() && self.never().is_none()
    }

    /// The `!` of `-> !`.
    pub fn never(&self) -> Option<Punct> {
        let mut cursor = Cursor::new(self.ty.clone());
        cursor.open_invisible();
        let bang = cursor.take_punct('!');
        if cursor.is_empty() { bang } else { None }
    }
}

impl ToTokens for Output {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.arrow.to_tokens(tokens);
        self.ty.to_tokens(tokens);
    }
}

impl Body {
    pub fn span(&self) -> Span {
        match self {
            Self::Block(group) => group.span(),
            Self::Missing(token) => token.span(),
        }
    }

    /// The body's own attributes (`#![..]`), which the language counts as the function's, and the body without them.
    pub fn split(&self) -> (Vec<TokenStream>, TokenStream) {
        let Self::Block(group) = self else { return (Vec::new(), self.to_token_stream()) };
        let mut cursor = Cursor::new(group.stream());
        let take = || cursor.take_inner_attribute().map(|(attribute, _)| attribute.to_token_stream());
        let attributes: Vec<_> = std::iter::from_fn(take).collect();
        if attributes.is_empty() {
            return (attributes, group.to_token_stream());
        }
        let mut rest = Group::new(Delimiter::Brace, cursor.rest());
        rest.set_span(group.span());
        (attributes, rest.to_token_stream())
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Block(group) => group.to_tokens(tokens),
            Self::Missing(token) => token.to_tokens(tokens),
        }
    }
}
