//! The tokens of a parameter.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use super::attribute::Attribute;
use super::tokens::{is_punct, is_word, take_until};

/// A parameter as it was written, `self` among them.
#[derive(Clone)]
pub struct Input {
    pub attributes: Vec<Attribute>,
    /// All of it where no type is written.
    pub pattern: Vec<TokenTree>,
    /// The colon and the type.
    pub ty: Vec<TokenTree>,
}

impl Input {
    /// Takes one, and the comma behind it.
    pub fn take(tokens: &mut &[TokenTree]) -> Self {
        let mut written = take_until(tokens, |token| is_punct(token, ','));
        tokens.split_off_first();
        let attributes = Attribute::take(&mut written, "#");
        let mut written = written.to_vec();
        // A type alone, which traits of the edition of 2015 may have; syn knows it by the `<`.
        if matches!(&*written, [TokenTree::Ident(_), second, ..] if is_punct(second, '<')) {
            written.splice(..0, quote_spanned!(written[0].span()=> _:));
        }
        let ty = written.split_off(colon(&written));
        Self { attributes, pattern: written, ty }
    }

    /// The name that the pattern is, `mut` or not, where it is nothing else.
    pub fn only_name(&self) -> Option<&Ident> {
        match &*self.pattern {
            [TokenTree::Ident(name)] if name != "_" && name != "Self" => Some(name),
            [first, TokenTree::Ident(name)] if is_word(first, "mut") => Some(name),
            _ => None,
        }
    }

    /// The name that a parameter binds. One in capitals, or with the name of the type, may be a
    /// constant or a unit struct, which binds nothing, and would be another value in the shim.
    pub fn plain_name(&self) -> Option<&Ident> {
        let name = self.only_name()?;
        let is_type = matches!(&*self.ty, [_, TokenTree::Ident(ty)] if ty == name);
        (!name.to_string().starts_with(char::is_uppercase) && !is_type).then_some(name)
    }
}

/// How many tokens stand in front of the colon of the type. Those of paths come in twos.
fn colon(tokens: &[TokenTree]) -> usize {
    let mut at = 0;
    loop {
        at += tokens[at..].iter().take_while(|token| !is_punct(token, ':')).count();
        // Where the type starts with `::` there are three.
        match tokens[at..].iter().take_while(|token| is_punct(token, ':')).count() {
            2 => at += 2,
            _ => return at,
        }
    }
}

impl ToTokens for Input {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, pattern, ty } = self;
        tokens.extend(quote!(#(#attributes)* #(#pattern)* #(#ty)*));
    }
}
