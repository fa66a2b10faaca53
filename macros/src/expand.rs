//! The shim: the function as it was, with a body that asks the runtime where to run the user's body.
//!
//! The user's body becomes a closure, since only a closure sees `Self`, `self` and the generics around the function; where it cannot mention
//! them, it becomes a function (naked.rs). With a front inside of the shim (front.rs) all arguments are parameters of the closure; without one, what is small
//! and bound to a plain name is captured by it under that name. A parameter has the pattern as the user wrote it, so that values are
//! dropped when those of the user's function would be. Large arguments are handed on by address, so that they are not copied onto the stack that C
//! called on.
//!
//! The user's tokens keep their spans. All others have the attribute's hygiene (`mixed_site`), so that names cannot collide and lints
//! stay silent about what the user did not write. They are located at the body: an error that meets them is shown there, and a
//! debugger shows the shim's frame at the function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::argument::{Argument, Way};
use super::callback::{Callback, Receiver};
use super::conditional;
use super::front;
use super::naked;
use super::names::Around;
use super::options::Options;
use super::types;

/// The guarded function.
pub fn expand(callback: &Callback, options: &Options, around: Around) -> TokenStream {
    let runtime = options.runtime.clone().unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> ::guarded_callback));
    conditional::split(callback, options, &runtime).unwrap_or_else(|| shim(callback, options, around, &runtime))
}

fn shim(callback: &Callback, options: &Options, around: Around, runtime: &TokenStream) -> TokenStream {
    let shim = |kind| Shim::new(callback, options, runtime, kind);
    let compiled = shim(Kind::Compiled).function();
    let with_front = if naked::is_possible(callback, options, around) {
        naked::function(&shim(Kind::General), &compiled)
    } else if front::is_possible(callback, options) {
        let with_front = shim(Kind::Fronted).function();
        if !front::hides_pointers(callback) {
            return with_front;
        }
        with_front
    } else {
        return compiled;
    };
    // Clippy runs nothing, so it may see the function without a front. A naked one writes the signature more than once.
    quote!(#[cfg(clippy)] #compiled #[cfg(not(clippy))] #with_front)
}

/// What is made of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A shim that asks the runtime.
    Compiled,
    /// A shim with a front inside of it (front.rs).
    Fronted,
    /// Beside a front that is the shim itself (naked.rs): what asks the runtime.
    General,
    /// Beside such a front, the body with its fallback.
    Caught,
}

/// One shim in the making.
pub struct Shim<'item> {
    pub callback: &'item Callback,
    pub options: &'item Options,
    pub arguments: Vec<Argument<'item>>,
    kind: Kind,
    runtime: &'item TokenStream,
    pub private: TokenStream,
    pub core: TokenStream,
    /// The span of what the user did not write.
    pub site: Span,
}

impl<'item> Shim<'item> {
    fn new(callback: &'item Callback, options: &'item Options, runtime: &'item TokenStream, kind: Kind) -> Self {
        let site = Span::mixed_site().located_at(callback.body.span());
        let private = quote_spanned!(site=> #runtime::__private);
        let core = quote_spanned!(site=> #private::core);
        let arguments = callback.parameters.iter().enumerate().map(|(at, parameter)| {
            let argument = Argument::new(at, parameter, site);
            match kind {
                Kind::Compiled | Kind::Caught => argument,
                Kind::General if options.fallback.is_none() => argument.uncaptured().quiet(at),
                Kind::Fronted | Kind::General => argument.uncaptured(),
            }
        });
        let arguments = arguments.collect();
        Self { callback, options, arguments, kind, runtime, private, core, site }
    }

    /// The guarded function.
    pub fn function(&self) -> TokenStream {
        let (_, body) = self.callback.body.split();
        self.function_with(&self.parameters(), self.body(&body))
    }

    /// The user's function with other parameters and another body.
    pub fn function_with(&self, parameters: &Group, body: TokenStream) -> TokenStream {
        let Callback { attributes, visibility, qualifiers, fn_keyword, name, generics, output, where_clause, .. } =
            self.callback;
        let qualifiers = &qualifiers.tokens;
        let (inner_attributes, _) = self.callback.body.split();
        // The braces are where the user's were, so that the function as a whole is the user's to lints (`missing_docs`).
        let mut braces = Group::new(Delimiter::Brace, body);
        braces.set_span(self.callback.body.span());
        quote! {
            #(#attributes)* #(#inner_attributes)*
            #visibility #qualifiers #fn_keyword #name #generics #parameters #output #where_clause #braces
        }
    }

    /// The parameters in their parentheses.
    pub fn parameters(&self) -> Group {
        let receiver = self.callback.receiver.iter().map(|receiver| receiver.tokens.clone());
        let all = receiver.chain(self.arguments.iter().map(Argument::declared));
        let mut parentheses = Group::new(Delimiter::Parenthesis, quote!(#(#all),*));
        parentheses.set_span(self.callback.parentheses.span());
        parentheses
    }

    /// What stands in the braces.
    pub fn body(&self, body: &TokenStream) -> TokenStream {
        let site = self.site;
        let fallback = self.fallback();
        let passed: Vec<_> = self.arguments.iter().filter(|argument| !argument.is_captured()).collect();
        if self.kind == Kind::General {
            return self.call_with_arguments(&passed, fallback.as_ref());
        }
        if passed.is_empty() && self.kind != Kind::Fronted {
            return self.guard(&self.closure(&TokenStream::new(), body), fallback.as_ref());
        }
        let typed = self.typed_body(&passed, body);
        let call = match self.kind {
            Kind::Caught => self.guard(
                &self.body_with(passed.iter().map(|argument| argument.name.to_token_stream())),
                fallback.as_ref(),
            ),
            _ => self.call_with_arguments(&passed, fallback.as_ref()),
        };
        let call = if self.kind == Kind::Fronted { front::choice(self, &call) } else { call };
        quote_spanned!(site=> #typed #call)
    }

    /// The call of the runtime.
    fn guard(&self, call: &TokenStream, fallback: Option<&TokenStream>) -> TokenStream {
        let Self { private, site, .. } = self;
        if self.kind == Kind::Caught {
            return quote_spanned! {*site=> #private::caught(#call, #fallback) };
        }
        let (description, bytes) = (self.description(), self.argument_bytes());
        match fallback {
            None => quote_spanned! {*site=> #private::guard(#description, #bytes, #call) },
            Some(fallback) => quote_spanned! {*site=> #private::guard_or(#description, #bytes, #call, #fallback) },
        }
    }

    /// The user's body as a closure with parameters, in a variable.
    fn typed_body(&self, passed: &[&Argument<'_>], body: &TokenStream) -> TokenStream {
        let parameters = passed.iter().map(|argument| argument.closure_parameter());
        let parameters = quote!(#(#parameters),*);
        let body = match self.kind {
            Kind::Fronted => front::closure(self, &parameters, body),
            _ => self.closure(&parameters, body),
        };
        if passed.is_empty() {
            return quote_spanned!(self.site=> let body = #body;);
        }
        let typed = self.typed(passed.len());
        let pointers = passed.iter().map(|argument| argument.typing_pointer());
        quote_spanned! {self.site=>
            #typed
            let body = __guarded_callback_typed((#(#pointers,)*), #body);
        }
    }

    /// The call of the runtime, with pointers to the arguments that are handed on by address.
    ///
    /// To one without drop glue the shim takes a pointer. One with drop glue must be kept from the shim's own drop: it is
    /// moved into a function that does not drop it, which leaves it where it is. What can be either is decided by the compiler.
    fn call_with_arguments(&self, passed: &[&Argument<'_>], fallback: Option<&TokenStream>) -> TokenStream {
        let Self { core, site, .. } = self;
        let pointed: Vec<_> = passed.iter().copied().filter(|argument| argument.is_pointed()).collect();
        let lent = self.call_with_lent(passed, &pointed, fallback);
        if pointed.iter().any(|argument| argument.way == (Way::Pointed { named: false })) {
            return lent;
        }
        let pointers = pointed.iter().map(|argument| argument.borrowed());
        let values = passed.iter().map(|argument| argument.value(false));
        let borrowed = self.guard(&self.body_with(values), fallback);
        if pointed.is_empty() {
            return borrowed;
        }
        let types = pointed.iter().map(|argument| types::with_inferred_lifetimes(&argument.parameter.ty));
        quote_spanned! {*site=>
            if const { false #(|| #core::mem::needs_drop::<#types>())* } { #lent } else { #(#pointers)* #borrowed }
        }
    }

    /// A closure that calls the user's body with these values.
    fn body_with(&self, values: impl Iterator<Item = TokenStream>) -> TokenStream {
        let site = self.site;
        match self.kind {
            Kind::General => {}
            Kind::Fronted => return quote_spanned!(site=> move || body(true, #(#values),*)),
            Kind::Compiled | Kind::Caught => return quote_spanned!(site=> move || body(#(#values),*)),
        }
        let body = naked::body_name(self);
        let call = quote_spanned!(site=> #body(#(#values),*));
        let call = if self.callback.is_unsafe() { quote_spanned!(site=> unsafe { #call }) } else { call };
        quote_spanned!(site=> move || #call)
    }

    /// The call from inside of the functions that the arguments were moved into.
    fn call_with_lent(
        &self,
        passed: &[&Argument<'_>],
        pointed: &[&Argument<'_>],
        fallback: Option<&TokenStream>,
    ) -> TokenStream {
        let Self { private, site, .. } = self;
        let owed = fallback.is_some();
        let handed = pointed.iter().filter(|_| owed).map(|argument| argument.owe(private));
        let values = passed.iter().map(|argument| argument.value(owed));
        let call = self.guard(&self.body_with(values), fallback);
        pointed.iter().rev().fold(quote_spanned!(*site=> #(#handed)* #call), |inner, argument| {
            let Argument { name, pointer, .. } = argument;
            quote_spanned!(*site=> #private::lend(#name, move |#pointer| { #inner }))
        })
    }

    /// The user's body as a closure. It has the span of the body without the attribute's hygiene: to lints it is the user's
    /// (`clippy::needless_return`).
    pub fn closure(&self, parameters: &TokenStream, body: &TokenStream) -> TokenStream {
        let output = self.result_type();
        let body = self.with_receiver(body);
        quote_spanned!(self.callback.body.span()=> move |#parameters| #output #body)
    }

    /// A function that does nothing but tell the compiler what types the closure's parameters have. They cannot be written on
    /// the closure, where `impl Trait` is not allowed and an elided lifetime means something else.
    fn typed(&self, count: usize) -> TokenStream {
        let site = self.site;
        let core = &self.core;
        let types: Vec<_> = (0..count).map(|at| format_ident!("A{at}", span = site)).collect();
        let told = if self.kind == Kind::Fronted {
            quote_spanned!(site=> #core::primitive::bool,)
        } else {
            TokenStream::new()
        };
        quote_spanned! {site=>
            #[inline(always)]
            fn __guarded_callback_typed<#(#types,)* R, F: #core::ops::FnOnce(#told #(#types),*) -> R>(_: (#(*const #types,)*), body: F) -> F {
                body
            }
        }
    }

    /// The body, with a first statement that makes the closure capture all of a `self` that is no reference: the part that is
    /// not mentioned would be dropped by the shim, and later.
    fn with_receiver(&self, body: &TokenStream) -> TokenStream {
        let site = self.site;
        match &self.callback.receiver {
            Some(Receiver { keyword, by_reference: false, .. }) => {
                quote_spanned!(site=> { let _ = &#keyword; #body })
            }
            _ => body.clone(),
        }
    }

    /// The constant that the runtime knows this callback by.
    fn description(&self) -> TokenStream {
        if matches!(self.kind, Kind::Fronted | Kind::General) {
            return quote_spanned!(self.site=> &__GUARDED_CALLBACK);
        }
        let callback = self.new_callback();
        quote_spanned!(self.site=> const { &#callback })
    }

    /// What makes it.
    pub fn new_callback(&self) -> TokenStream {
        let site = self.site;
        let Self { private, core, options, .. } = self;
        let name = format!("::{}", self.callback.name.to_string().trim_start_matches("r#"));
        let stack = match &options.stack {
            Some(stack) => quote_spanned!(site=> #private::stack_bytes({ #stack })),
            None => quote_spanned!(site=> #private::DEFAULT_STACK_BYTES),
        };
        let mode = Ident::new(options.mode.unwrap_or("Default"), site);
        let has_fallback = options.fallback.is_some();
        let unwinds = self.callback.unwinds();
        quote_spanned! {site=>
            #private::Callback::new(
                #core::concat!(#core::module_path!(), #name), #stack, #private::Mode::#mode, #has_fallback, #unwinds,
            )
        }
    }

    /// The room that the arguments handed on by address take on the body's stack.
    fn argument_bytes(&self) -> TokenStream {
        let site = self.site;
        let core = &self.core;
        let sizes =
            self.arguments.iter().filter(|argument| argument.way == Way::Pointed { named: true }).map(|argument| {
                let ty = types::with_inferred_lifetimes(&argument.parameter.ty);
                quote_spanned!(site=> + #core::mem::size_of::<#ty>())
            });
        quote_spanned!(site=> const { 0 #(#sizes)* })
    }

    /// The fallback as a closure.
    pub fn fallback(&self) -> Option<TokenStream> {
        let output = self.result_type();
        self.options.fallback.as_ref().map(|fallback| fallback_closure(&fallback.value, &output))
    }

    /// The same shim as something else.
    pub fn as_caught(&self) -> Self {
        Self::new(self.callback, self.options, self.runtime, Kind::Caught)
    }

    /// `-> Type` for the closures. `impl Trait` cannot be written there, and is inferred.
    pub fn result_type(&self) -> TokenStream {
        let site = self.site;
        let output = &self.callback.output;
        if output.ty.is_empty() {
            return quote_spanned!(site=> -> ());
        }
        if types::has_impl_trait(&output.ty) {
            return TokenStream::new();
        }
        let ty = &output.ty;
        quote_spanned!(site=> -> #ty)
    }
}

/// The fallback as a closure, with the span of its last token: that is where something is missing, if anything is.
fn fallback_closure(value: &TokenStream, output: &TokenStream) -> TokenStream {
    let end = value.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span());
    let site = Span::mixed_site().located_at(end);
    quote_spanned!(site=> move || #output { #value })
}
