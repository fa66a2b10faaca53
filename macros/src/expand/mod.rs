//! The shim: the function as it was, with a body that hands the user's to the runtime as a closure.
//!
//! A closure stays in place, so that `Self`, the generics around the function and the names in
//! scope mean in it what they mean without the attribute. Where it captures nothing the runtime
//! calls it by its type alone, from its own functions.
//!
//! The user's tokens keep their spans. All others have the attribute's hygiene (`mixed_site`), so
//! that names cannot collide and lints stay silent about what the user did not write. They are
//! located at the body: an error that meets them is shown there, and a debugger shows the shim's
//! frame at the function.

pub mod block;
mod clippy;
mod conditional;
mod description;
mod entry;
mod fallback;
mod parameter;
mod result;
mod shim;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::parse::callback::{Body, Callback};
use crate::parse::options::Options;
use crate::parse::tokens::around;

use self::parameter::Parameter;
use self::shim::{Entry, Shim};

/// The function and its guarded twin, of which the compiler takes one.
pub fn callback(callback: &Callback, options: &Options) -> TokenStream {
    if callback.has_unsized_types() {
        return callback.tokens.clone();
    }
    let site = Span::mixed_site().located_at(callback.body.span());
    if let Some(split) = conditional::split(callback, options) {
        return split;
    }
    let runtime = &options.runtime;
    let private = quote_spanned!(site=> #runtime::__private);
    let parameters = parameter::all(callback, site);
    let entry = entry::choose(callback, options, parameters.len());
    let shim = Shim { callback, options, parameters, entry, private: private.clone(), site };
    let original = &callback.tokens;
    let guarded = function(callback, shim.inputs(), shim.call());
    let for_clippy = clippy::twin(&shim).map(|twin| quote!({ #twin }));
    quote_spanned!(site=> #private::choose! { { #original } { #guarded } #for_clippy })
}

/// The user's function with other inputs and another body.
fn function(callback: &Callback, inputs: TokenStream, body: TokenStream) -> TokenStream {
    let Callback { attributes, before, parentheses, after, .. } = callback;
    let inputs = around(parentheses, inputs);
    // The braces are where the user's were, so that the function is the user's to lints
    // (`missing_docs`).
    let body = match &callback.body {
        Body::Block(braces) => around(braces, body).into_token_stream(),
        Body::Missing(_) => quote!(;),
    };
    quote!(#(#attributes)* #(#before)* #inputs #(#after)* #body)
}

impl Shim<'_> {
    /// The user's inputs with a name for each parameter.
    fn inputs(&self) -> TokenStream {
        let receiver =
            self.callback.signature.receiver().map(|_| self.callback.inputs[0].to_token_stream());
        let inputs = receiver.into_iter().chain(self.parameters.iter().map(Parameter::declared));
        quote!(#(#inputs),*)
    }

    /// What stands in the shim: the call of the runtime.
    fn call(&self) -> TokenStream {
        let description = description::argument(self);
        let entry = entry::path(self);
        let body = self.body();
        let fallback = fallback::closure(self);
        let arguments = entry::arguments(self);
        quote_spanned!(self.site=> #entry(#description, #body, #fallback #arguments))
    }

    /// The user's body as a closure. It has the span of the body without the attribute's hygiene:
    /// to lints and messages it is the user's.
    fn body(&self) -> TokenStream {
        let Body::Block(braces) = &self.callback.body else { return TokenStream::new() };
        let output = result::annotation(self, false);
        let parameters = entry::parameters(self);
        let receiver = self.callback.signature.receiver();
        let keyword = receiver.map(|_| quote_spanned!(braces.span()=> move));
        // All of `self`: a part that is not mentioned would be dropped by the shim, and later.
        // Without it the braces stay the user's, and so does what rustc says of their end.
        let capture = receiver.filter(|of| of.reference.is_none()).map(|receiver| {
            let all = Ident::new("self", receiver.self_token.span);
            quote_spanned!(self.site=> let _ = &#all;)
        });
        // What the fallback mentions is used.
        let used = fallback::used(self, |_| true);
        let (first, inside) = (quote!(#capture #used), braces.stream());
        let is_whole = first.is_empty();
        let body = if is_whole { braces.clone() } else { around(braces, quote!(#first #inside)) };
        // Backtraces name the closure; with a fallback another function is never inlined.
        let is_compiled = !matches!(self.entry, Entry::Typed { abi: Some(_), .. });
        let named = is_compiled && self.options.fallback.is_none();
        let inline = named.then(|| quote_spanned!(braces.span()=> #[inline(never)]));
        quote_spanned!(braces.span()=> #inline #keyword |#parameters| #output #body)
    }
}
