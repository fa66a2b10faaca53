//! Which function of the runtime the shim calls.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use super::parameter::Parameter;
use super::shim::{Entry, Shim};
use crate::parse::callback::{Abi, Callback};
use crate::parse::options::Options;
use crate::parse::tokens::mentions;

/// The runtime has a function for each number of arguments up to this one.
const MOST_ARGUMENTS: usize = 12;

pub fn choose(callback: &Callback, options: &Options, arguments: usize) -> Entry {
    if arguments > MOST_ARGUMENTS || is_generic(callback, options) {
        return Entry::Described;
    }
    // Of other ABIs, of closures that capture and of vectors in registers that the runtime was not
    // compiled for, only the compiler knows how they travel.
    let is_compiled = callback.signature.receiver().is_some() || callback.has_target_features();
    let (module, abi) = match callback.abi() {
        Abi::C if !is_compiled => ("c", Some("C")),
        Abi::CUnwind if !is_compiled => ("c_unwind", Some("C-unwind")),
        _ => ("compiled", None),
    };
    Entry::Typed { module, abi, arguments }
}

/// The path of the function.
pub fn path(shim: &Shim<'_>) -> TokenStream {
    let Shim { site, options, .. } = shim;
    // At the body as a whole: there rustc shows the call when a lifetime is too short for it.
    let at_body = |mut token: TokenTree| {
        token.set_span(token.span().located_at(*site));
        token
    };
    let private: TokenStream = shim.private.clone().into_iter().map(at_body).collect();
    let call = Ident::new(if options.fallback.is_some() { "call_or" } else { "call" }, *site);
    match shim.entry {
        Entry::Described => quote_spanned!(*site=> #private::described::#call),
        Entry::Typed { module, arguments, .. } => {
            let module = Ident::new(module, *site);
            let with = format_ident!("with{arguments}", span = *site);
            quote_spanned!(*site=> #private::#module::#with::#call)
        }
    }
}

/// The values that the function is called with.
pub fn arguments(shim: &Shim<'_>) -> TokenStream {
    let site = shim.site;
    let each = shim.parameters.iter().map(|parameter| &parameter.name);
    match shim.entry {
        Entry::Typed { .. } => quote_spanned!(site=> #(#each),*),
        Entry::Described => quote_spanned!(site=> (#(#each,)*)),
    }
}

/// The parameters of the closure that the function calls with them.
pub fn parameters(shim: &Shim<'_>) -> TokenStream {
    let parameters = shim.parameters.iter();
    match shim.entry {
        Entry::Typed { .. } => {
            let each = parameters.map(|parameter| {
                let (lints, pattern) = (parameter.lints(), &parameter.written.pattern);
                quote!(#(#lints)* #(#pattern)*)
            });
            quote!(#(#each),*)
        }
        Entry::Described => {
            let lints = parameters.clone().flat_map(Parameter::lints);
            let patterns = parameters.map(Parameter::pattern_in_tuple);
            quote_spanned!(shim.site=> #(#lints)* (#(#patterns,)*))
        }
    }
}

/// Whether the reserve depends on what no item inside of the function sees.
fn is_generic(callback: &Callback, options: &Options) -> bool {
    let Some(reserve) = &options.reserve else { return false };
    let generics = &callback.signature.generics;
    let types = generics.type_params().map(|parameter| &parameter.ident);
    let names = types.chain(generics.const_params().map(|parameter| &parameter.ident));
    let mut words = names.map(ToString::to_string).chain(["Self".to_owned()]);
    words.any(|word| mentions(reserve.clone(), &word))
}
