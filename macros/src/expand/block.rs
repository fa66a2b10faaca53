//! The attribute on a whole `impl` or `mod { }`: every eligible function inside is guarded.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};

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
    let mut guard = Guard { options, errors, guarded: 0 };
    let output = guard.inside(block);
    check::holds_callbacks(block, guard.guarded, errors);
    // Half-typed: rustc has told where, and would tell again of the braces as a whole.
    let last = block.braces.stream().into_iter().last();
    let is_whole = last.is_none_or(|it| matches!(it, TokenTree::Group(_)) || is_punct(&it, ';'));
    let (head, braces) = (&block.head, &block.braces);
    if is_whole { output } else { quote!(#head #braces) }
}

/// An item with `skip`, without the attribute that `Guard::behind_attributes` has left to it.
pub fn skipped(item: TokenStream) -> TokenStream {
    let (mut attributes, item) = Attribute::split(item);
    attributes.retain(|attribute| !attribute.may_be_ours());
    quote!(#(#attributes)* #item)
}

/// What guards the items of a block, and counts the functions.
struct Guard<'run> {
    options: &'run Options,
    errors: &'run mut Errors,
    guarded: usize,
}

impl Guard<'_> {
    fn inside(&mut self, block: &Block) -> TokenStream {
        let items = block.items().into_iter().map(|item| self.item(item)).collect();
        let (head, braces) = (&block.head, around(&block.braces, items));
        quote!(#head #braces)
    }

    fn item(&mut self, tokens: TokenStream) -> TokenStream {
        let item = Item::parse(tokens.clone());
        if item.attributes.iter().any(Attribute::may_be_ours) {
            return tokens;
        }
        let may_skip = |attribute: &Attribute| attribute.brackets.to_string().contains("(skip)");
        match item.attributes.iter().any(may_skip) {
            true => self.behind_attributes(item.kind, tokens),
            false => self.kind(item.kind, tokens),
        }
    }

    /// Only rustc can tell whether an attribute with `skip` is this one under another name. So it
    /// gets an item that has to be guarded with this attribute behind it, and takes that away.
    fn behind_attributes(&mut self, kind: Kind, tokens: TokenStream) -> TokenStream {
        let mut errors = Errors::default();
        let mut alone = Guard { options: self.options, errors: &mut errors, guarded: 0 };
        alone.kind(kind, tokens.clone());
        self.guarded += alone.guarded;
        if alone.guarded == 0 && errors.to_token_stream().is_empty() {
            return tokens;
        }
        let (attributes, item) = Attribute::split(tokens);
        let item = self.options.annotated(item);
        quote!(#(#attributes)* #item)
    }

    fn kind(&mut self, kind: Kind, tokens: TokenStream) -> TokenStream {
        match kind {
            Kind::Function(function) if function.is_eligible() => {
                self.guarded += 1;
                check::callback(&function, self.options, self.errors);
                return callback(&function, self.options);
            }
            Kind::Block(inner) => return self.inside(&inner),
            Kind::MacroCall(span, call) => check::macro_hides_nothing(span, &call, self.errors),
            Kind::Unreadable(error) if holds_extern_function(tokens.clone()) => {
                self.guarded += 1;
                check::unreadable(&error, self.errors);
            }
            Kind::Function(_) | Kind::Unreadable(_) | Kind::Other(..) => {}
        }
        tokens
    }
}
