//! Functions that are the front themselves, where the target has one: the shim is naked, and the user's body a function inside of it,
//! which C's arguments reach as they are.
//!
//! Functions inside see nothing of an `impl` block around (names.rs). Everywhere else the shim is compiled, with a front inside of it (front.rs).

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::callback::Callback;
use super::expand::Shim;
use super::names::{self, Around};
use super::tokens::{Attribute, is_ident};
use super::types;

/// Attributes that do for a naked function what they do for another. With any other the shim is compiled.
const ATTRIBUTES: &[&str] =
    &["allow", "cfg", "cold", "deny", "deprecated", "doc", "export_name", "forbid", "must_use", "no_mangle", "warn"];

/// Whether a function that can have a front can be naked.
pub fn is_possible(callback: &Callback, around: Around) -> bool {
    let Callback { attributes, generics, where_clause, parentheses, output, body, .. } = callback;
    let (inner_attributes, _) = body.split();
    let keeps = |attribute: &Attribute| ATTRIBUTES.iter().any(|name| attribute.is(name));
    let function = quote!(#parentheses #output #body);
    generics.is_empty()
        && where_clause.is_empty()
        && inner_attributes.is_empty()
        && attributes.iter().all(keeps)
        && parameters_differ(callback)
        && names::are_of_items(&function, around)
}

/// Whether no two parameters have one name: that is a mistake, of which the compiler would speak twice.
fn parameters_differ(callback: &Callback) -> bool {
    let names = callback.parameters.iter().filter_map(|parameter| parameter.plain_name().or(parameter.mutable_name()));
    let names: Vec<_> = names.collect();
    (1..names.len()).all(|at| !names[..at].contains(&names[at]))
}

/// The name of the user's body. It stands where the user's name does, so that what the compiler says of the signature is the same for both,
/// and said once.
pub fn body_name(shim: &Shim<'_>) -> Ident {
    Ident::new("__guarded_callback_body", shim.callback.name.span())
}

/// The function around its [`body`].
pub fn function(shim: &Shim<'_>, function: &TokenStream) -> TokenStream {
    let private = &shim.private;
    quote_spanned!(shim.site=> #private::function! { #function })
}

/// What the runtime makes the front of or, where there is none, a way to the `general` one.
pub fn body(shim: &Shim<'_>, general: &TokenStream) -> TokenStream {
    let Shim { private, callback, site, .. } = shim;
    let Callback { fn_keyword, output, parameters, body, .. } = callback;
    let qualifiers = qualifiers(callback);
    let declared = shim.parameters();
    let description = shim.new_callback();
    let name = body_name(shim);
    let general_name = Ident::new("__guarded_callback_general", name.span());
    let types = parameters.iter().map(|parameter| types::with_inferred_lifetimes(&parameter.ty));
    let result = if output.ty.is_empty() || output.never().is_some() {
        quote_spanned!(*site=> ())
    } else {
        types::with_inferred_lifetimes(&output.ty)
    };
    quote_spanned! {*site=>
        #private::function_body! {
            static __GUARDED_CALLBACK = #description;
            fn #name = [#qualifiers #fn_keyword #name (#(#parameters),*) #output #body]
            fn #general_name = [#qualifiers #fn_keyword #general_name #declared #output] { #general }
            (#(#types),*) -> #result
        }
    }
}

/// What stands before `fn`. An `unsafe` function begins where the user's does, for a lint about it (`unsafe_code`).
fn qualifiers(callback: &Callback) -> TokenStream {
    let mut qualifiers: Vec<_> = callback.qualifiers.tokens.clone().into_iter().collect();
    if let (Some(unsafety), Some(begin)) = (qualifiers.first_mut(), callback.visibility.clone().into_iter().next())
        && is_ident(unsafety, "unsafe")
    {
        unsafety.set_span(begin.span());
    }
    qualifiers.into_iter().collect()
}
