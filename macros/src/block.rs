//! The attribute on a whole `impl` or `mod { }`: every eligible function inside is guarded.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};

use super::check;
use super::errors::Errors;
use super::expand::expand;
use super::item::{Block, Item};
use super::names::Around;
use super::options::Options;
use super::tokens::Attribute;

/// The name under which functions inside carry options of their own, or `skip`.
const ATTRIBUTE: &str = "guarded_callback";

/// The block with its functions guarded.
pub fn guard(block: &Block, options: &Options, errors: &mut Errors) -> TokenStream {
    check::block_kind(block, errors);
    let mut guarded = 0;
    let output = guard_inside(block, options, errors, &mut guarded);
    check::anything_guarded(block, guarded, errors);
    output
}

/// The block with its functions guarded, which `guarded` counts.
fn guard_inside(block: &Block, options: &Options, errors: &mut Errors, guarded: &mut usize) -> TokenStream {
    let around = block.around();
    let items = block.items().into_iter().map(|item| guard_item(item, options, around, errors, guarded));
    let mut braces = Group::new(block.braces.delimiter(), items.collect());
    braces.set_span(block.braces.span());
    let head = &block.head;
    quote!(#head #braces)
}

fn guard_item(
    item: TokenStream,
    options: &Options,
    around: Around,
    errors: &mut Errors,
    guarded: &mut usize,
) -> TokenStream {
    match Item::parse(item.clone()) {
        Item::Function(callback) if callback.is_eligible() && !has_own(&callback.attributes) => {
            *guarded += 1;
            check::callback(&callback, options, errors);
            expand(&callback, options, around)
        }
        Item::Block(inner) if !has_own(&inner.attributes()) => guard_inside(&inner, options, errors, guarded),
        _ => item.into_token_stream(),
    }
}

/// Whether the item has the attribute itself; it then speaks for itself. `skip` counts under whatever name the attribute was imported.
fn has_own(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.is(ATTRIBUTE) || says_skip(attribute))
}

fn says_skip(attribute: &Attribute) -> bool {
    attribute.arguments().is_some_and(|arguments| arguments.to_string() == "skip")
}
