//! A function as the attribute sees it: syn's signature, and a body that nobody looks into.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{FnArg, ReturnType, Signature, Type};

use super::attribute::Attribute;
use super::input::Input;
use super::tokens::{around, in_group, is_punct, is_word, take_until, without_fragments};

/// A function, also one that cannot be guarded.
pub struct Callback {
    /// All of it as written.
    pub tokens: TokenStream,
    /// The body's own attributes among them, which the language counts as the function's.
    pub attributes: Vec<Attribute>,
    /// What syn understood of the signature.
    pub signature: Signature,
    /// From the visibility to the generics.
    pub before: Vec<TokenTree>,
    pub parentheses: Group,
    /// What stands in the parentheses.
    pub inputs: Vec<Input>,
    /// The arrow, the return type and the `where` clause.
    pub after: Vec<TokenTree>,
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
    let ahead: Vec<_> = input.cursor().token_stream().into_iter().collect();
    let mut rest = &ahead[..];
    let mut words = take_until(&mut rest, |token| is_word(token, "fn")).iter();
    let is_name = |word: &TokenTree| matches!(word, TokenTree::Literal(_));
    let leads = |word| is_name(word) || QUALIFIERS.contains(&word.to_string().as_str());
    words.all(leads) && matches!(rest, [_, TokenTree::Ident(_), ..])
}

impl Callback {
    /// Reads a function from behind its visibility, and takes its attributes.
    pub fn read(
        input: ParseStream<'_>,
        tokens: TokenStream,
        attributes: &mut Vec<Attribute>,
        mut written: &[TokenTree],
    ) -> syn::Result<Self> {
        // `default` and `safe` are no part of a signature to syn.
        while input.peek(syn::Ident) {
            let word: Ident = input.parse()?;
            if word == "gen" {
                return Err(syn::Error::new(word.span(), "C does not iterate over what it calls"));
            }
        }
        let signature: Signature = input.parse()?;
        let body = Body::read(&input.parse()?, attributes)?;
        if !input.is_empty() {
            return Err(input.error("expected nothing behind the function"));
        }
        let is_list = |token: &TokenTree| in_group(token, Delimiter::Parenthesis).is_some();
        let qualifiers = take_until(&mut written, |token| is_word(token, "fn"));
        let before = [qualifiers, take_until(&mut written, is_list)].concat();
        let [TokenTree::Group(parentheses), after @ .., _] = written else { unreachable!() };
        let inside: Vec<_> = parentheses.stream().into_iter().collect();
        let mut inside = &inside[..];
        let inputs = signature.inputs.iter().map(|_| Input::take(&mut inside)).collect();
        let (attributes, parentheses) = (attributes.clone(), parentheses.clone());
        let after = after.to_vec();
        Ok(Self { tokens, attributes, signature, before, parentheses, inputs, after, body })
    }

    /// Whether the attribute on a whole block applies to this function.
    pub fn is_eligible(&self) -> bool {
        let Signature { constness, asyncness, variadic, .. } = &self.signature;
        let can_move = constness.is_none() && asyncness.is_none() && variadic.is_none();
        let has_body = matches!(self.body, Body::Block(_));
        self.abi() != Abi::Rust && can_move && has_body && self.attribute("naked").is_none()
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

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.is(name))
    }

    /// Whether the body may use more of the processor than its callers.
    pub fn has_target_features(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.may_be("target_feature"))
    }

    /// The parameters behind `self`.
    pub fn parameters(&self) -> &[Input] {
        &self.inputs[usize::from(self.signature.receiver().is_some())..]
    }

    /// Whether the signature has types that rustc refuses.
    pub fn has_unsized_types(&self) -> bool {
        let inputs = self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(&*parameter.ty),
            FnArg::Receiver(_) => None,
        });
        // Best refused without a shim around. `str` may be a type of the user's.
        let is_unsized = |ty| matches!(inside(ty), Type::Slice(_) | Type::TraitObject(_));
        inputs.chain(self.output()).any(is_unsized)
    }

    /// Whether the return type is `!`.
    pub fn never_returns(&self) -> bool {
        self.output().is_some_and(|ty| matches!(inside(ty), Type::Never(_)))
    }

    fn output(&self) -> Option<&Type> {
        if let ReturnType::Type(_, ty) = &self.signature.output { Some(ty) } else { None }
    }
}

/// The type without parentheses around it.
fn inside(ty: &Type) -> &Type {
    if let Type::Paren(paren) = ty { inside(&paren.elem) } else { ty }
}

impl Body {
    /// Reads the body, and moves its attributes (`#![..]`) to those of the function.
    fn read(token: &TokenTree, attributes: &mut Vec<Attribute>) -> syn::Result<Self> {
        if is_punct(token, ';') {
            return Ok(Self::Missing(token.span()));
        }
        let Some(braces) = in_group(token, Delimiter::Brace) else {
            return Err(syn::Error::new(token.span(), "expected the body of the function"));
        };
        let inside: Vec<_> = without_fragments(braces.stream(), false).into_iter().collect();
        let mut rest = &inside[..];
        attributes.extend(Attribute::take(&mut rest, "#!"));
        let without = || around(&braces, rest.iter().cloned().collect());
        Ok(Self::Block(if rest.len() == inside.len() { braces } else { without() }))
    }

    pub fn span(&self) -> Span {
        match self {
            Self::Block(braces) => braces.span(),
            Self::Missing(span) => *span,
        }
    }

    /// What stands in the braces.
    pub fn tokens(&self) -> TokenStream {
        if let Self::Block(braces) = self { braces.stream() } else { TokenStream::new() }
    }
}
