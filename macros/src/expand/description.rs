//! What the runtime is told of the callback.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;

use super::fallback::in_braces;
use super::shim::{Entry, Shim};

/// The argument that describes the callback: a value of a type that nobody else can name, or a
/// `Callback`.
pub fn argument(shim: &Shim<'_>) -> TokenStream {
    let Shim { private, site, .. } = shim;
    let site = *site;
    let name = format!("::{}", shim.callback.signature.ident.unraw());
    let settings = settings(shim);
    let Entry::Typed { module, abi, arguments } = shim.entry else {
        return quote_spanned! {site=>
            const {
                &#private::Callback::new(#private::concat!(#private::module_path!(), #name))
                    #settings
            }
        };
    };
    // The function that runs the body where C calls it in effect.
    let body = abi.map(|abi| {
        let ident = |text: &str| Ident::new(text, site);
        let (module, with) = (ident(module), ident(&format!("with{arguments}")));
        let [types, names] = ["A", "__guarded_callback_"]
            .map(|letter| (0..arguments).map(move |at| ident(&format!("{letter}{at}"))));
        quote_spanned!(site=> #module::#with(#abi #(, #types, #names)*),)
    });
    quote_spanned!(site=> #private::describe!(#name, #body settings()#settings))
}

/// The options that are given, as calls behind a `Callback`.
pub fn settings(shim: &Shim<'_>) -> TokenStream {
    let Shim { private, options, .. } = shim;
    let site = shim.site;
    let reserve = options.reserve.as_ref().map(|bytes| {
        // In braces its type is compared where it is written, and without a word about `reserve`.
        let bytes = match &**bytes {
            [TokenTree::Literal(number)] => number.to_token_stream(),
            bytes => in_braces(bytes, site),
        };
        quote_spanned!(site=> .reserve(#bytes))
    });
    let ident = |name| Ident::new(name, site);
    let mode = options.switch.map(ident);
    let switch = mode.map(|mode| quote_spanned!(site=> .switch(#private::Mode::#mode)));
    let choice = options.foreign.map(ident);
    let foreign = choice.map(|of| quote_spanned!(site=> .foreign(#private::Foreign::#of)));
    let unwinding = shim.callback.abi().unwinds().then(|| quote_spanned!(site=> .unwinding()));
    quote_spanned!(site=> #reserve #switch #foreign #unwinding)
}
