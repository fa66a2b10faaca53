//! A function as the attribute sees it: syn's signature, and a body that nobody looks into.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{
    AttrStyle, Attribute, FnArg, Pat, PatType, Receiver, ReturnType, Signature, Token, Type,
    Visibility,
};

use super::tokens::{braced, in_braces, is_attribute, may_be_attribute, without_fragments};

/// A function, also one that cannot be guarded.
pub struct Callback {
    /// All of it as written.
    pub tokens: TokenStream,
    /// The body's own attributes among them, which the language counts as the function's.
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    /// `default` or `safe`, which are no part of a signature to syn.
    pub leading: TokenStream,
    pub signature: Signature,
    pub body: Body,
}

/// What the function ends with.
pub enum Body {
    Block(Group),
    /// A declaration; the place where the body is missing.
    Missing(Span),
}

/// How arguments and result travel, as far as the name of the ABI tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Abi {
    /// `"C"`, also where `extern` stands alone, and `"system"`: where the two differ, C does not
    /// call the body by itself.
    C,
    CUnwind,
    /// Rust's own, written out or not.
    Rust,
    Other,
    OtherUnwind,
}

impl Abi {
    /// Whether panics and exceptions may leave such functions.
    pub fn unwinds(self) -> bool {
        matches!(self, Self::CUnwind | Self::Rust | Self::OtherUnwind)
    }
}

/// Whether a function starts here.
pub fn starts_function(input: ParseStream<'_>) -> bool {
    const QUALIFIERS: [&str; 7] = ["default", "const", "async", "gen", "unsafe", "safe", "extern"];
    let ahead = input.fork();
    while let Ok(word) = ahead.call(Ident::parse_any) {
        if word == "fn" {
            return ahead.peek(Ident::peek_any);
        }
        if !QUALIFIERS.contains(&word.to_string().as_str()) {
            return false;
        }
        // The name of the ABI.
        let _ = ahead.parse::<syn::LitStr>();
    }
    false
}

impl Callback {
    /// Reads a function from behind its visibility, and takes its attributes.
    pub fn read(
        input: ParseStream<'_>,
        attributes: &mut Vec<Attribute>,
        visibility: Visibility,
        tokens: TokenStream,
    ) -> syn::Result<Self> {
        let leading = read_leading(input)?;
        let signature: Signature = input.parse()?;
        let body = Body::read(input, attributes)?;
        if !input.is_empty() {
            return Err(input.error("expected nothing behind the function"));
        }
        let attributes = std::mem::take(attributes);
        Ok(Self { tokens, attributes, visibility, leading, signature, body })
    }

    /// Whether the attribute on a whole block applies to this function.
    pub fn is_eligible(&self) -> bool {
        let signature = &self.signature;
        let can_move = signature.constness.is_none()
            && signature.asyncness.is_none()
            && signature.variadic.is_none();
        let has_body = matches!(self.body, Body::Block(_));
        self.abi() != Abi::Rust && can_move && has_body && self.naked().is_none()
    }

    pub fn abi(&self) -> Abi {
        let Some(abi) = &self.signature.abi else { return Abi::Rust };
        match abi.name.as_ref().map(syn::LitStr::value).as_deref() {
            None | Some("C" | "system") => Abi::C,
            Some("C-unwind" | "system-unwind") => Abi::CUnwind,
            Some("Rust") => Abi::Rust,
            Some(name) if name.ends_with("-unwind") => Abi::OtherUnwind,
            Some(_) => Abi::Other,
        }
    }

    /// The attribute that makes the body assembly without a frame.
    pub fn naked(&self) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| is_attribute(attribute, "naked"))
    }

    /// Whether the body may use more of the processor than its callers.
    pub fn has_target_features(&self) -> bool {
        self.attributes.iter().any(|attribute| may_be_attribute(attribute, "target_feature"))
    }

    pub fn receiver(&self) -> Option<&Receiver> {
        self.signature.receiver()
    }

    /// The parameters behind `self`.
    pub fn parameters(&self) -> impl Iterator<Item = &PatType> {
        self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        })
    }

    /// Whether the signature has types that rustc refuses.
    pub fn has_unsized_types(&self) -> bool {
        let output = match &self.signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty),
        };
        // Best refused without a shim around. `str` may be a type of the user's.
        let is_unsized = |ty: &Type| matches!(inside(ty), Type::Slice(_) | Type::TraitObject(_));
        self.parameters().map(|parameter| &parameter.ty).chain(output).any(|ty| is_unsized(ty))
    }

    /// Whether the return type is `!`.
    pub fn never_returns(&self) -> bool {
        let ReturnType::Type(_, ty) = &self.signature.output else { return false };
        matches!(inside(ty), Type::Never(_))
    }
}

/// The type without parentheses around it.
fn inside(ty: &Type) -> &Type {
    if let Type::Paren(paren) = ty { inside(&paren.elem) } else { ty }
}

/// The name that a pattern is, `mut` or not, where it is nothing else.
pub fn only_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(&name.ident),
        _ => None,
    }
}

/// The name that a parameter binds. One in capitals, or with the name of the type, may be a
/// constant or a unit struct, which binds nothing, and would be another value in the shim.
pub fn plain_name(parameter: &PatType) -> Option<&Ident> {
    let name = only_name(&parameter.pat)?;
    let text = name.to_string();
    let is_type = matches!(&*parameter.ty, Type::Path(ty) if ty.path.is_ident(&text));
    (!text.starts_with(char::is_uppercase) && !is_type).then_some(name)
}

fn read_leading(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut leading = TokenStream::new();
    while input.peek(syn::Ident) && !input.peek(Token![fn]) {
        let word: Ident = input.parse()?;
        if word == "gen" {
            return Err(syn::Error::new(word.span(), "C does not iterate over what it calls"));
        }
        word.to_tokens(&mut leading);
    }
    Ok(leading)
}

impl Body {
    /// Reads the body, and moves its attributes (`#![..]`) to those of the function.
    fn read(input: ParseStream<'_>, attributes: &mut Vec<Attribute>) -> syn::Result<Self> {
        if let Some(semicolon) = input.parse::<Option<Token![;]>>()? {
            return Ok(Self::Missing(semicolon.span));
        }
        let token: TokenTree = input.parse()?;
        let Some(braces) = in_braces(&token) else {
            return Err(syn::Error::new(token.span(), "expected the body of the function"));
        };
        let split = |inside: ParseStream<'_>| {
            Ok((Attribute::parse_inner(inside)?, inside.parse::<TokenStream>()?))
        };
        let (inner, rest) = split.parse2(braces.stream())?;
        if inner.is_empty() {
            return Ok(Self::Block(braces));
        }
        let outer = |attribute| Attribute { style: AttrStyle::Outer, ..attribute };
        attributes.extend(inner.into_iter().map(outer));
        Ok(Self::Block(braced(&braces, without_fragments(rest, false))))
    }

    pub fn span(&self) -> Span {
        match self {
            Self::Block(braces) => braces.span(),
            Self::Missing(span) => *span,
        }
    }
}
