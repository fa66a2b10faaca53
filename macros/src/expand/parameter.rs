//! One parameter: what it is called in the shim, and how the body gets it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

use crate::parse::attribute::Attribute;
use crate::parse::callback::Callback;
use crate::parse::input::Input;
use crate::parse::tokens::is_word;

/// One parameter behind `self`.
pub struct Parameter<'item> {
    /// Its pattern, as the user wrote it, is a parameter of the closure, so that values are dropped
    /// when those of the user's function would be.
    pub written: &'item Input,
    /// Its name in the shim: the user's, where there is one, for debuggers and for other attribute
    /// macros on the function.
    pub name: Ident,
}

/// All parameters of a function behind `self`.
pub fn all(callback: &Callback, site: Span) -> Vec<Parameter<'_>> {
    let mut parameters: Vec<Parameter<'_>> = Vec::new();
    for (at, written) in callback.parameters().iter().enumerate() {
        let span = site.located_at(written.pattern.first().map_or(site, TokenTree::span));
        let unnamed = || format_ident!("__guarded_callback_{at}", span = span);
        let named = written.plain_name().map(|name| in_shim(name, written, span));
        // Macros can give two parameters names that differ in nothing but their hygiene.
        let is_free = |name: &Ident| parameters.iter().all(|other| other.name != *name);
        let name = named.filter(is_free).unwrap_or_else(unnamed);
        parameters.push(Parameter { written, name });
    }
    parameters
}

impl<'item> Parameter<'item> {
    /// Its pattern among others in one: there `_` would keep its value for longer than those, so it
    /// becomes a name. What other patterns leave unbound is still dropped behind them.
    pub fn pattern_in_tuple(&self) -> TokenStream {
        match &*self.written.pattern {
            [token] if is_word(token, "_") => self.name.to_token_stream(),
            pattern => quote!(#(#pattern)*),
        }
    }

    /// The parameter of the shim. Attributes of lints are about the pattern, and go with it.
    pub fn declared(&self) -> TokenStream {
        let (attributes, name, ty) = (self.attributes(false), &self.name, &self.written.ty);
        quote!(#(#attributes)* #name #(#ty)*)
    }

    /// Its attributes of lints.
    pub fn lints(&self) -> impl Iterator<Item = &'item Attribute> {
        self.attributes(true)
    }

    fn attributes(&self, of_lints: bool) -> impl Iterator<Item = &'item Attribute> {
        self.written.attributes.iter().filter(move |attribute| is_of_lints(attribute) == of_lints)
    }
}

/// The user's name as a parameter of the shim. Where lints are told about it, it has the
/// attribute's hygiene: what they are told goes with the pattern.
fn in_shim(name: &Ident, written: &Input, span: Span) -> Ident {
    if !written.attributes.iter().any(is_of_lints) {
        return name.clone();
    }
    let text = name.unraw().to_string();
    // The attribute is of an edition in which these are keywords.
    let is_keyword = ["async", "await", "dyn", "gen", "try"].contains(&text.as_str());
    if is_keyword || *name != text { Ident::new_raw(&text, span) } else { Ident::new(&text, span) }
}

/// Whether the attribute is about lints, as far as it tells before it is expanded.
fn is_of_lints(attribute: &Attribute) -> bool {
    let lints = ["allow", "expect", "warn", "deny", "forbid"];
    lints.iter().any(|lint| attribute.may_be(lint))
}
