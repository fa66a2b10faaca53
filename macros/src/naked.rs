//! Functions that are the front themselves, where the target has one: the shim is naked, and the user's body, with its fallback, a function inside
//! of it, which C's arguments reach as they are.
//!
//! Functions inside see nothing of an `impl` block around (names.rs). Elsewhere the shim is compiled, with a front inside of it where it can have one
//! (front.rs).

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::argument::Argument;
use super::callback::{Callback, Parameter};
use super::expand::Shim;
use super::front;
use super::names::{self, Around};
use super::options::Options;
use super::tokens::{Attribute, is_ident};
use super::types;

/// Attributes that do for a naked function what they do for another. With any other the shim is compiled.
const ATTRIBUTES: &[&str] =
    &["allow", "cfg", "cold", "deny", "deprecated", "doc", "forbid", "must_use", "no_mangle", "warn"];

/// Whether the function can be naked, as far as tokens tell.
pub fn is_possible(callback: &Callback, options: &Options, around: Around) -> bool {
    let Callback { attributes, generics, where_clause, parentheses, output, body, .. } = callback;
    let (inner_attributes, _) = body.split();
    let keeps = |attribute: &Attribute| ATTRIBUTES.iter().any(|name| attribute.is(name));
    let fallback = options.fallback.as_ref().map(|fallback| &fallback.value);
    let function = quote!(#parentheses #output #body #fallback);
    front::is_possible(callback, options)
        && generics.is_empty()
        && where_clause.is_empty()
        && inner_attributes.is_empty()
        && attributes.iter().all(keeps)
        && !is_like_a_register(callback)
        && parameters_differ(callback)
        && names::are_of_items(&function, around)
}

/// Whether the assembler may take the symbol for a register: their names are short words.
fn is_like_a_register(callback: &Callback) -> bool {
    let name = callback.name.to_string();
    callback.attributes.iter().any(|attribute| attribute.is("no_mangle")) && name.len() < 8 && !name.contains('_')
}

/// Whether no two parameters have one name: that is a mistake, of which the compiler would speak twice.
fn parameters_differ(callback: &Callback) -> bool {
    let names: Vec<_> = callback.parameters.iter().filter_map(Parameter::name).collect();
    (1..names.len()).all(|at| !names[..at].contains(&names[at]))
}

/// The name of the user's body. It stands where the user's name does, so that what the compiler says of the signature is the same for both,
/// and said once.
pub fn body_name(shim: &Shim<'_>) -> Ident {
    Ident::new("__guarded_callback_body", shim.callback.name.span())
}

/// The function, naked where the runtime has a front and `compiled` elsewhere.
pub fn function(general: &Shim<'_>, compiled: &TokenStream) -> TokenStream {
    let Shim { private, site, .. } = general;
    let parameters = general.arguments.iter().map(Argument::declared_elsewhere);
    let mut parentheses = Group::new(Delimiter::Parenthesis, quote!(#(#parameters),*));
    parentheses.set_span(general.callback.parentheses.span());
    let naked = general.function_with(&parentheses, inside(general));
    quote_spanned!(*site=> #private::function! { { #naked } { #compiled } })
}

/// What stands in the braces of the naked function.
fn inside(general: &Shim<'_>) -> TokenStream {
    let Shim { private, callback, site, .. } = general;
    let Callback { fn_keyword, output, parameters, body, .. } = callback;
    let qualifiers = qualifiers(callback);
    let (parameters_of_body, body) = match general.options.fallback {
        None => (callback.parentheses.clone(), body.to_token_stream()),
        Some(_) => {
            let caught = general.as_caught();
            let body = caught.body(&body.to_token_stream());
            (caught.parameters(), quote_spanned!(*site=> { #body }))
        }
    };
    let name = body_name(general);
    let general_name = Ident::new("__guarded_callback_general", name.span());
    let declared = general.parameters();
    let general_body = general.body(&TokenStream::new());
    let description = general.new_callback();
    let types = parameters.iter().map(|parameter| types::with_inferred_lifetimes(&parameter.ty));
    let result =
        if output.has_value() { types::with_inferred_lifetimes(&output.ty) } else { quote_spanned!(*site=> ()) };
    quote_spanned! {*site=>
        #private::front_as_function! {
            static __GUARDED_CALLBACK = #description;
            fn #name = [#qualifiers #fn_keyword #name #parameters_of_body #output #body]
            fn #general_name = [#qualifiers #fn_keyword #general_name #declared #output { #general_body }]
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
