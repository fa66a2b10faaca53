//! The attribute as a function from tokens to tokens: parse, check, expand.

use proc_macro2::TokenStream;

use super::block;
use super::check;
use super::errors::Errors;
use super::expand::expand;
use super::fallback;
use super::item::Item;
use super::names::Around;
use super::options::Options;

/// What the attribute makes of `item`. Mistakes come out as `compile_error!`s beside the item as it was written.
pub fn guarded_callback(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let output = guarded(&options, item.clone(), &mut errors);
    if errors.is_empty() { output } else { fallback::beside(&errors, item) }
}

/// The guarded item; of no use when there are errors.
fn guarded(options: &Options, item: TokenStream, errors: &mut Errors) -> TokenStream {
    let kind = Item::parse(item.clone());
    if options.skip.is_some() {
        check::skipped(&kind, errors);
        return item;
    }
    match kind {
        Item::Function(callback) => {
            check::callback(&callback, options, errors);
            expand(&callback, options, Around::Unknown)
        }
        Item::Block(block) => block::guard(&block, options, errors),
        Item::Other { what, span } => {
            check::not_a_function(&what, span, errors);
            item
        }
    }
}
