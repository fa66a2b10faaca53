//! Which function of the runtime the shim calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::GenericParam;

use super::Shim;
use crate::parse::callback::{Abi, Callback};
use crate::parse::options::Options;
use crate::parse::tokens::mentions;

/// The runtime has a function for each number of arguments up to this one.
const MOST_ARGUMENTS: usize = 12;

/// The runtime's functions that the shim may call.
#[derive(Clone, Copy)]
pub enum Entry {
    /// One of a module with a function for each number of arguments.
    Typed { module: &'static str, arguments: usize },
    /// The one that takes the description as a value, and all arguments as a tuple.
    Described,
}

impl Entry {
    pub fn choose(callback: &Callback, options: &Options, arguments: usize) -> Self {
        if arguments > MOST_ARGUMENTS || is_generic(callback, options) {
            return Self::Described;
        }
        let captures = callback.receiver().is_some();
        let module = match callback.abi() {
            // Of other ABIs, of closures that capture and of vectors in registers that the
            // runtime was not compiled for, only the compiler knows how they travel.
            _ if captures || callback.has_target_features() => "compiled",
            Abi::C => "c",
            Abi::CUnwind => "c_unwind",
            Abi::System => "system",
            Abi::SystemUnwind => "system_unwind",
            Abi::Rust | Abi::Other => "compiled",
        };
        Self::Typed { module, arguments }
    }

    /// Whether the description is a value and no type.
    pub fn is_described(self) -> bool {
        matches!(self, Self::Described)
    }

    /// The path of the function.
    pub fn path(self, shim: &Shim<'_>) -> TokenStream {
        let Shim { private, site, options, .. } = shim;
        let with_fallback = options.fallback.is_some();
        let suffix = if with_fallback { "_or" } else { "" };
        match self {
            Self::Described => {
                let function = format_ident!("call{suffix}", span = *site);
                quote_spanned!(*site=> #private::described::#function)
            }
            Self::Typed { module, arguments } => {
                let module = Ident::new(module, *site);
                let function = format_ident!("call{arguments}{suffix}", span = *site);
                // The closures, the arguments and the result.
                let inferred = (0..arguments + 2 + usize::from(with_fallback))
                    .map(|_| quote_spanned!(*site=> _));
                quote_spanned! {*site=>
                    #private::#module::#function::<__GuardedCallback, #(#inferred),*>
                }
            }
        }
    }

    /// The values that the function is called with.
    pub fn arguments<T: ToTokens>(self, each: impl Iterator<Item = T>, site: Span) -> TokenStream {
        match self {
            Self::Typed { .. } => quote_spanned!(site=> #(#each),*),
            Self::Described => quote_spanned!(site=> (#(#each,)*)),
        }
    }

    /// The parameters of a closure that the function calls with them.
    pub fn parameters<T: ToTokens>(
        self,
        attributes: impl Iterator<Item = TokenStream>,
        patterns: impl Iterator<Item = T>,
        site: Span,
    ) -> TokenStream {
        match self {
            Self::Typed { .. } => quote!(#(#attributes #patterns),*),
            Self::Described => {
                let tuple = quote_spanned!(site=> (#(#patterns,)*));
                quote!(#(#attributes)* #tuple)
            }
        }
    }
}

/// Whether the reserve depends on what no item inside of the function sees.
fn is_generic(callback: &Callback, options: &Options) -> bool {
    let Some(reserve) = &options.reserve else { return false };
    let parameters = callback.signature.generics.params.iter().filter_map(|parameter| {
        match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Const(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        }
    });
    let words: Vec<_> = parameters.chain(["Self".to_owned()]).collect();
    mentions(reserve.to_token_stream(), &words)
}
