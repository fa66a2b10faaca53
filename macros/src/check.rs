//! The rules that a callback must keep: one function each.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::errors::Errors;
use crate::parse::blocks::Block;
use crate::parse::callback::{Abi, Body, Callback};
use crate::parse::options::Options;
use crate::parse::tokens::mentions;
use crate::parse::{Kind, holds_extern_function};

/// The name under which the attribute is known.
pub const ATTRIBUTE: &str = "guarded_callback";

/// All rules for one function.
pub fn callback(callback: &Callback, options: &Options, errors: &mut Errors) {
    is_not_const(callback, errors);
    is_not_async(callback, errors);
    is_not_variadic(callback, errors);
    is_not_naked(callback, errors);
    does_not_track_its_caller(callback, errors);
    has_a_body(callback, errors);
    fallback_can_be_returned(callback, options, errors);
    reserve_is_no_argument(callback, options, errors);
}

fn is_not_const(callback: &Callback, errors: &mut Errors) {
    if let Some(keyword) = &callback.signature.constness {
        let message = "a callback cannot be `const`, since stacks exist only at run time; \
                       remove `const`";
        errors.push(keyword.span, message);
    }
}

fn is_not_async(callback: &Callback, errors: &mut Errors) {
    if let Some(keyword) = &callback.signature.asyncness {
        let message = "a callback cannot be `async`, since C does not poll it; remove `async`";
        errors.push(keyword.span, message);
    }
}

fn is_not_variadic(callback: &Callback, errors: &mut Errors) {
    if let Some(variadic) = &callback.signature.variadic {
        let message = "variadic arguments cannot be handed on to another stack; take a `VaList` \
                       parameter or a fixed number of parameters instead of `...`";
        errors.push(variadic.dots.spans[0], message);
    }
}

fn is_not_naked(callback: &Callback, errors: &mut Errors) {
    if let Some(attribute) = callback.attribute("naked") {
        let message = "a naked function has no body that could run elsewhere; remove `naked`, \
                       or guard the function it calls";
        errors.push(attribute.brackets.span(), message);
    }
}

/// With an ABI of C's rustc refuses it by itself.
fn does_not_track_its_caller(callback: &Callback, errors: &mut Errors) {
    if let (Some(attribute), Abi::Rust) = (callback.attribute("track_caller"), callback.abi()) {
        let message = "a guarded body cannot see where it was called from; remove `track_caller`, \
                       or guard a function that this one calls";
        errors.push(attribute.brackets.span(), message);
    }
}

fn has_a_body(callback: &Callback, errors: &mut Errors) {
    if let Body::Missing(end) = &callback.body {
        let message = "there is no body here to guard; \
                       put the attribute on the definition of the function";
        errors.push(*end, message);
    }
}

fn fallback_can_be_returned(callback: &Callback, options: &Options, errors: &mut Errors) {
    if let (true, Some(fallback)) = (callback.never_returns(), &options.fallback) {
        let message = "a function that returns `!` never gives C a value; remove `fallback`, \
                       or return a type";
        errors.push(fallback.name.span(), message);
    }
}

/// Rustc would say it of an item that the user does not see.
fn reserve_is_no_argument(callback: &Callback, options: &Options, errors: &mut Errors) {
    let Some([TokenTree::Ident(name)]) = options.reserve.as_deref() else { return };
    if callback.parameters().iter().any(|parameter| parameter.only_name() == Some(name)) {
        let message = format!(
            "`{name}` is an argument, and the reserve is known before there are any; \
             write a constant, such as `\"256 KiB\"`"
        );
        errors.push(name.span(), message);
    }
}

/// A signature that rustc accepts and syn does not know yet, or one that rustc refuses as well.
pub fn unreadable(error: &syn::Error, errors: &mut Errors) {
    let message = format!(
        "the attribute cannot read this function: {error}; \
         write it in another way, or guard a function that this one calls"
    );
    errors.push(error.span(), message);
}

/// Only `impl` and `mod` hold functions that are callbacks as they stand.
pub fn block_kind(block: &Block, errors: &mut Errors) {
    if block.keyword == "trait" {
        let message = "the attribute does not apply to a `trait`; put it on its methods that have \
                       a body, or on the `impl` of the trait";
        errors.push(block.keyword.span(), message);
    }
}

pub fn anything_guarded(block: &Block, guarded: usize, errors: &mut Errors) {
    if guarded == 0 && block.keyword != "trait" {
        let message = format!(
            "nothing in this `{}` can be guarded; \
             write `extern \"C\" fn` where C calls a function, or remove the attribute",
            block.keyword
        );
        errors.push(block.keyword.span(), message);
    }
}

/// What a macro in a guarded block makes is not seen: functions there would stay unguarded.
pub fn macro_hides_nothing(span: Span, tokens: &TokenStream, errors: &mut Errors) {
    let speaks_for_itself = mentions(tokens.clone(), ATTRIBUTE);
    if !speaks_for_itself && holds_extern_function(tokens.clone()) {
        let message = "the attribute on the block does not see the functions that a macro makes; \
                       put `#[guarded_callback]` on the function inside of the macro, \
                       or `#[guarded_callback(skip)]` here";
        errors.push(span, message);
    }
}

pub fn not_a_function(what: &str, span: Span, errors: &mut Errors) {
    let advice = match what {
        "an `extern` block" => {
            "what it declares is defined elsewhere; \
             put the attribute on the definition of the function"
        }
        "a `mod` in another file" => {
            "write `mod name { .. }`, or put the attribute on the functions in that file"
        }
        _ => "put it on an `extern \"C\" fn`, or on an `impl` or `mod { }` that holds some",
    };
    errors.push(span, format!("the attribute does not apply to {what}; {advice}"));
}

/// `skip` leaves alone what the attribute on the block around it would guard.
pub fn skipped(kind: &Kind, errors: &mut Errors) {
    if let Kind::Other(what, span) = kind {
        let message = format!(
            "the attribute does not apply to {what}, so there is nothing to skip; remove it"
        );
        errors.push(*span, message);
    }
}

/// `skip` beside other options contradicts them.
pub fn skip_stands_alone(skip: &Ident, others: bool, errors: &mut Errors) {
    if others {
        let message = "`skip` leaves the function alone, so other options do nothing; \
                       remove them, or `skip`";
        errors.push(skip.span(), message);
    }
}
