//! The attribute as a function from tokens to tokens: parse, check, expand.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::check;
use crate::errors::Errors;
use crate::expand::{self, block};
use crate::parse::options::Options;
use crate::parse::{Item, Kind};

/// What the attribute makes of `item`. Mistakes come out as `compile_error!`s beside the item as it
/// was written, so that nothing that uses it fails as well.
pub fn guarded_callback(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let output = guarded(&options, item.clone(), &mut errors);
    let errors = errors.into_token_stream();
    if errors.is_empty() { output } else { quote!(#item #errors) }
}

/// The guarded item; of no use when there are errors.
fn guarded(options: &Options, item: TokenStream, errors: &mut Errors) -> TokenStream {
    let parsed = Item::parse(item.clone());
    if let Some(skip) = options.named("skip") {
        check::skipped(&parsed.kind, skip, options, errors);
        return block::skipped(item);
    }
    match parsed.kind {
        Kind::Function(callback) => {
            check::callback(&callback, options, errors);
            return expand::callback(&callback, options);
        }
        Kind::Block(block) => return block::guard(&block, options, errors),
        Kind::MacroCall(span, _) => check::not_a_function("a macro call", span, errors),
        Kind::Other(what, span) => check::not_a_function(what, span, errors),
        Kind::Unreadable(error) => check::unreadable(&error, errors),
    }
    item
}
