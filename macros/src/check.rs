//! The rules that a callback must keep: one function each.

use proc_macro2::{Ident, Span};

use super::callback::{Body, Callback};
use super::errors::Errors;
use super::item::{Block, Item};
use super::options::Options;

/// All rules for one function.
pub fn callback(callback: &Callback, options: &Options, errors: &mut Errors) {
    has_an_abi(callback, errors);
    abi_is_not_rust(callback, errors);
    is_not_const(callback, errors);
    is_not_async(callback, errors);
    is_not_variadic(callback, errors);
    is_not_naked(callback, errors);
    has_a_body(callback, errors);
    parameters_are_readable(callback, errors);
    fallback_can_be_returned(callback, options, errors);
}

fn has_an_abi(callback: &Callback, errors: &mut Errors) {
    let has_body = matches!(callback.body, Body::Block(_));
    if has_body && callback.qualifiers.abi.is_none() {
        let message = "C cannot call a function with Rust's ABI; write `extern \"C\" fn`";
        errors.push(callback.fn_keyword.span(), message);
    }
}

fn abi_is_not_rust(callback: &Callback, errors: &mut Errors) {
    let Some(abi) = &callback.qualifiers.abi else { return };
    if let (true, Some(name)) = (abi.is_rust(), &abi.name) {
        errors.push(name.span(), "C cannot call a function with Rust's ABI; write `\"C\"` or `\"C-unwind\"`");
    }
}

fn is_not_const(callback: &Callback, errors: &mut Errors) {
    if let Some(keyword) = &callback.qualifiers.constness {
        errors
            .push(keyword.span(), "a callback cannot be `const`, since stacks exist only at run time; remove `const`");
    }
}

fn is_not_async(callback: &Callback, errors: &mut Errors) {
    if let Some(keyword) = &callback.qualifiers.asyncness {
        let message = format!("a callback cannot be `{keyword}`, since C does not poll it; remove `{keyword}`");
        errors.push(keyword.span(), message);
    }
}

fn is_not_variadic(callback: &Callback, errors: &mut Errors) {
    if let Some(dots) = callback.variadic {
        let message = "variadic arguments cannot be handed on to another stack; take a `VaList` parameter \
                       or a fixed number of parameters instead of `...`";
        errors.push(dots, message);
    }
}

fn is_not_naked(callback: &Callback, errors: &mut Errors) {
    let naked = callback.attributes.iter().find(|attribute| attribute.is("naked"));
    if let Some(attribute) = naked {
        let message =
            "a naked function has no body that could run elsewhere; remove `naked`, or guard the function it calls";
        errors.push(attribute.group.span(), message);
    }
}

fn has_a_body(callback: &Callback, errors: &mut Errors) {
    if let Body::Missing(end) = &callback.body {
        let message = "there is no body here to guard; put the attribute on the definition of the function";
        errors.push(end.span(), message);
    }
}

fn parameters_are_readable(callback: &Callback, errors: &mut Errors) {
    if let Some(span) = callback.unreadable {
        errors.push(span, "expected a parameter, written `name: Type`");
    }
}

fn fallback_can_be_returned(callback: &Callback, options: &Options, errors: &mut Errors) {
    if let (Some(_), Some(fallback)) = (callback.output.never(), &options.fallback) {
        let message = "a function that returns `!` never gives C a value; remove `fallback`, or return a type";
        errors.push(fallback.name.span(), message);
    }
}

/// Only `impl` and `mod` hold functions that are callbacks as they stand.
pub fn block_kind(block: &Block, errors: &mut Errors) {
    if block.keyword == "trait" {
        let message = "the attribute does not apply to a `trait`; put it on its methods that have a body, \
                       or on the `impl` of the trait";
        errors.push(block.keyword.span(), message);
    }
}

pub fn anything_guarded(block: &Block, guarded: usize, errors: &mut Errors) {
    if guarded == 0 && block.keyword != "trait" {
        let message = format!(
            "nothing in this `{}` can be guarded; write `extern \"C\" fn` where C calls a function, or remove the attribute",
            block.keyword
        );
        errors.push(block.keyword.span(), message);
    }
}

pub fn not_a_function(what: &str, span: Span, errors: &mut Errors) {
    let advice = match what {
        "an `extern` block" => {
            "what it declares is defined elsewhere; put the attribute on the definition of the function"
        }
        "a `mod` in another file" => "write `mod name { .. }`, or put the attribute on the functions in that file",
        _ => "put it on an `extern \"C\" fn`, or on an `impl` or `mod { }` that holds some",
    };
    errors.push(span, format!("the attribute does not apply to {what}; {advice}"));
}

/// `skip` leaves a function alone that the attribute on the block around it would guard.
pub fn skipped(item: &Item, errors: &mut Errors) {
    if let Item::Other { what, span } = item {
        let message = format!("the attribute does not apply to {what}, so there is nothing to skip; remove it");
        errors.push(*span, message);
    }
}

/// `skip` beside other options contradicts them.
pub fn skip_stands_alone(skip: &Ident, others: bool, errors: &mut Errors) {
    if others {
        errors
            .push(skip.span(), "`skip` leaves the function alone, so other options do nothing; remove them, or `skip`");
    }
}
