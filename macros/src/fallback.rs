//! What goes out beside an error: the item as it was written.

use proc_macro2::TokenStream;
use quote::quote;

use super::errors::Errors;

/// The item unchanged, so that nothing that uses it fails as well, and the errors.
pub fn beside(errors: &Errors, item: TokenStream) -> TokenStream {
    quote!(#item #errors)
}
