//! What the runtime is told of the callback.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Lit};

use super::fallback::in_braces;
use super::shim::{Entry, Shim};

/// The item that describes the callback, or the argument that does.
pub fn item_and_argument(shim: &Shim<'_>) -> (TokenStream, TokenStream) {
    let Shim { private, site, .. } = shim;
    let callback = value(shim);
    if matches!(shim.entry, Entry::Described) {
        let argument = quote_spanned!(*site=> const { &#callback },);
        return (TokenStream::new(), argument);
    }
    let item = quote_spanned! {*site=>
        struct __GuardedCallback;
        impl #private::Describe for __GuardedCallback {
            const CALLBACK: #private::Callback = #callback;
        }
    };
    (item, TokenStream::new())
}

fn value(shim: &Shim<'_>) -> TokenStream {
    let Shim { private, site, .. } = shim;
    let name = format!("::{}", shim.callback.signature.ident.unraw());
    let settings = settings(shim);
    quote_spanned! {*site=>
        #private::Callback::new(#private::concat!(#private::module_path!(), #name))
            #settings
    }
}

/// The options that are given, as calls behind a `Callback`.
pub fn settings(shim: &Shim<'_>) -> TokenStream {
    let Shim { private, options, .. } = shim;
    let site = shim.site;
    let reserve = options.reserve.as_ref().map(|bytes| {
        // In braces its type is compared where it is written, and without a word about `reserve`.
        let bytes = match bytes {
            Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => bytes.to_token_stream(),
            bytes => in_braces(bytes, site),
        };
        quote_spanned!(site=> .reserve(#bytes))
    });
    let switch = options.switch.map(|mode| {
        let mode = Ident::new(mode, site);
        quote_spanned!(site=> .switch(#private::Mode::#mode))
    });
    let foreign = options.foreign.map(|choice| {
        let choice = Ident::new(choice, site);
        quote_spanned!(site=> .foreign(#private::Foreign::#choice))
    });
    quote_spanned!(site=> #reserve #switch #foreign)
}
