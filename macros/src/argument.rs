//! How one argument gets from the shim to the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::callback::Parameter;
use super::types;

/// One parameter of the shim, and how it gets to the body.
pub struct Argument<'item> {
    pub parameter: &'item Parameter,
    pub way: Way,
    /// The parameter's name in the shim.
    pub name: Ident,
    /// A pointer to the argument; its pointee tells the closure the parameter's type.
    pub pointer: Ident,
    /// The duty to drop it where the body never runs.
    pub handed: Ident,
    site: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The body captures it under its name, or it has none.
    Captured,
    /// Small: a parameter of the closure, since it has a pattern or the closure must capture nothing.
    Copied,
    /// Handed on by address. `named`: its type can be written again.
    Pointed { named: bool },
}

impl<'item> Argument<'item> {
    pub fn new(at: usize, parameter: &'item Parameter, site: Span) -> Self {
        Self {
            parameter,
            way: Way::of(parameter),
            name: parameter.name().cloned().unwrap_or_else(|| format_ident!("__arg{at}", span = site)),
            pointer: format_ident!("__pointer{at}", span = site),
            handed: format_ident!("__handed{at}", span = site),
            site,
        }
    }

    /// The same argument for a body that captures nothing.
    pub fn uncaptured(mut self) -> Self {
        if self.is_captured() {
            self.way = Way::Copied;
        }
        self
    }

    /// The same argument where nothing of the user's mentions it, so that lints say nothing about the name.
    pub fn quiet(mut self, at: usize) -> Self {
        let unnamed = || format_ident!("__guarded_callback_argument{at}", span = self.site);
        self.name = self.quiet_name().unwrap_or_else(unnamed);
        self
    }

    fn quiet_name(&self) -> Option<Ident> {
        let name = self.parameter.name()?;
        let span = self.site.located_at(name.span());
        let name = name.to_string();
        // The attribute is of an edition in which these are keywords.
        let is_keyword = ["async", "await", "dyn", "gen", "try"].contains(&name.as_str());
        Some(match name.strip_prefix("r#") {
            Some(raw) => Ident::new_raw(raw, span),
            None if is_keyword => Ident::new_raw(&name, span),
            None => Ident::new(&name, span),
        })
    }

    /// Whether the body sees the shim's own parameter.
    pub fn is_captured(&self) -> bool {
        self.way == Way::Captured
    }

    /// Whether the body gets it by address.
    pub fn is_pointed(&self) -> bool {
        matches!(self.way, Way::Pointed { .. })
    }
}

impl Way {
    fn of(parameter: &Parameter) -> Self {
        let small = types::is_small(&parameter.ty);
        let direct = parameter.plain_name().is_some() || parameter.is_wildcard();
        match (small, direct) {
            (true, true) => Self::Captured,
            (true, false) => Self::Copied,
            _ => Self::Pointed { named: types::can_be_named(&parameter.ty) },
        }
    }
}

impl Argument<'_> {
    /// The parameter of the shim.
    pub fn declared(&self) -> TokenStream {
        let Self { parameter, name, .. } = self;
        let Parameter { attributes, pattern, colon, ty } = parameter;
        if self.is_captured() { quote!(#(#attributes)* #(#pattern)* #colon #ty) } else { quote!(#name #colon #ty) }
    }

    /// The parameter of a function whose body is elsewhere.
    pub fn declared_elsewhere(&self) -> TokenStream {
        let Parameter { colon, ty, .. } = self.parameter;
        match self.quiet_name() {
            Some(name) => quote!(#name #colon #ty),
            None => quote_spanned!(self.site=> _ #colon #ty),
        }
    }

    /// The parameter of a closure around the one with the pattern.
    pub fn named(&self) -> TokenStream {
        let Self { parameter: Parameter { attributes, .. }, name, .. } = self;
        quote!(#(#attributes)* #name)
    }

    /// The parameter of the closure.
    pub fn closure_parameter(&self) -> TokenStream {
        let Parameter { attributes, pattern, .. } = self.parameter;
        quote!(#(#attributes)* #(#pattern)*)
    }

    /// A pointer to the argument as the shim has it, for the type.
    pub fn typing_pointer(&self) -> TokenStream {
        let name = &self.name;
        quote_spanned!(self.site=> &raw const #name)
    }

    /// Makes the pointer to an argument that nobody drops.
    pub fn borrowed(&self) -> TokenStream {
        let Self { name, pointer, .. } = self;
        quote_spanned!(self.site=> let #pointer = &raw const #name;)
    }

    /// Takes on the duty to drop an argument that the body may never take: with a fallback it may not run.
    pub fn owe(&self, private: &TokenStream) -> TokenStream {
        let Self { pointer, handed, .. } = self;
        quote_spanned!(self.site=> let #handed = unsafe { #private::Owed::new(#pointer) };)
    }

    /// What the closure is called with. Reading through the pointer is sound: the argument stays where it is until the body has
    /// returned, the shim neither uses nor drops it, and the closure around this can be called only once.
    pub fn value(&self, owed: bool) -> TokenStream {
        let Self { name, pointer, handed, .. } = self;
        match (self.is_pointed(), owed) {
            (false, _) => quote_spanned!(self.site=> #name),
            (true, false) => quote_spanned!(self.site=> unsafe { #pointer.read() }),
            (true, true) => quote_spanned!(self.site=> #handed.take()),
        }
    }
}
