//! The attribute on a whole `impl` or `mod { }`: every eligible function inside is guarded.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::callback;
use crate::check;
use crate::errors::Errors;
use crate::parse::attribute::Attribute;
use crate::parse::blocks::Block;
use crate::parse::options::Options;
use crate::parse::tokens::{around, is_punct};
use crate::parse::{Item, Kind, holds_extern_function};

/// The block with its functions guarded.
pub fn guard(block: &Block, options: &Options, errors: &mut Errors) -> TokenStream {
    let mut guarded = 0;
    let output = guard_inside(block, options, errors, &mut guarded);
    check::holds_callbacks(block, guarded, errors);
    // Half-typed: rustc has told where, and would tell again of the braces as a whole.
    let last = block.braces.stream().into_iter().last();
    let is_whole = last.is_none_or(|it| matches!(it, TokenTree::Group(_)) || is_punct(&it, ';'));
    let (head, braces) = (&block.head, &block.braces);
    if is_whole { output } else { quote!(#head #braces) }
}

/// The block with its functions guarded, which `guarded` counts.
fn guard_inside(
    block: &Block,
    options: &Options,
    errors: &mut Errors,
    guarded: &mut usize,
) -> TokenStream {
    let items = block.items().into_iter();
    let items = items.map(|item| guard_item(item, options, errors, guarded)).collect();
    let (head, braces) = (&block.head, around(&block.braces, items));
    quote!(#head #braces)
}

fn guard_item(
    tokens: TokenStream,
    options: &Options,
    errors: &mut Errors,
    guarded: &mut usize,
) -> TokenStream {
    let item = Item::parse(tokens.clone());
    if item.attributes.iter().any(speaks_for_itself) {
        return tokens;
    }
    match item.kind {
        Kind::Function(function) if function.is_eligible() => {
            *guarded += 1;
            check::callback(&function, options, errors);
            return callback(&function, options);
        }
        Kind::Block(inner) => return guard_inside(&inner, options, errors, guarded),
        Kind::MacroCall(span, tokens) => check::macro_hides_nothing(span, &tokens, errors),
        Kind::Unreadable(error) if holds_extern_function(tokens.clone()) => {
            *guarded += 1;
            check::unreadable(&error, errors);
        }
        Kind::Function(_) | Kind::Unreadable(_) | Kind::Other(..) => {}
    }
    tokens
}

/// Whether the item has the attribute itself. `skip` counts under whatever name the attribute was
/// imported.
fn speaks_for_itself(attribute: &Attribute) -> bool {
    let last = attribute.brackets.stream().into_iter().last();
    let skips = matches!(last, Some(TokenTree::Group(list)) if list.stream().to_string() == "skip");
    skips || attribute.may_be_ours()
}
