//! The rules that a callback must keep.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::Signature;

use crate::errors::Errors;
use crate::parse::attribute::ATTRIBUTE;
use crate::parse::blocks::Block;
use crate::parse::callback::{Abi, Body, Callback};
use crate::parse::options::Options;
use crate::parse::tokens::mentions;
use crate::parse::{Kind, holds_extern_function};

/// All rules for one function.
pub fn callback(callback: &Callback, options: &Options, errors: &mut Errors) {
    for (span, message) in refused(callback) {
        span.into_iter().for_each(|span| errors.push(span, message));
    }
    fallback_can_be_returned(callback, options, errors);
    reserve_is_no_argument(callback, options, errors);
}

/// What no callback may have: where this one has it, and what to write instead.
fn refused(callback: &Callback) -> [(Option<Span>, &'static str); 6] {
    let Signature { constness, asyncness, variadic, .. } = &callback.signature;
    let attribute = |name| callback.attribute(name).map(|attribute| attribute.brackets.span());
    // With an ABI of C's rustc refuses it by itself.
    let track_caller = attribute("track_caller").filter(|_| callback.abi() == Abi::Rust);
    let no_body = if let Body::Missing(end) = callback.body { Some(end) } else { None };
    [
        (
            constness.as_ref().map(|keyword| keyword.span),
            "a callback cannot be `const`, since stacks exist only at run time; remove `const`",
        ),
        (
            asyncness.as_ref().map(|keyword| keyword.span),
            "a callback cannot be `async`, since C does not poll it; remove `async`",
        ),
        (
            variadic.as_ref().map(|variadic| variadic.dots.spans[0]),
            "variadic arguments cannot be handed on to another stack; take a `VaList` \
             parameter or a fixed number of parameters instead of `...`",
        ),
        (
            attribute("naked"),
            "a naked function has no body that could run elsewhere; remove `naked`, \
             or guard the function it calls",
        ),
        (
            track_caller,
            "a guarded body cannot see where it was called from; remove `track_caller`, \
             or guard a function that this one calls",
        ),
        (
            no_body,
            "there is no body here to guard; put the attribute on the definition of the function",
        ),
    ]
}

fn fallback_can_be_returned(callback: &Callback, options: &Options, errors: &mut Errors) {
    if let (true, Some(name)) = (callback.never_returns(), options.named("fallback")) {
        let message = "a function that returns `!` never gives C a value; remove `fallback`, \
                       or return a type";
        errors.push(name.span(), message);
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
pub fn holds_callbacks(block: &Block, guarded: usize, errors: &mut Errors) {
    let keyword = &block.keyword;
    let message = match guarded {
        _ if keyword == "trait" => "the attribute does not apply to a `trait`; put it on its \
                                    methods that have a body, or on the `impl` of the trait"
            .to_owned(),
        0 => format!(
            "nothing in this `{keyword}` can be guarded; \
             write `extern \"C\" fn` where C calls a function, or remove the attribute"
        ),
        _ => return,
    };
    errors.push(keyword.span(), message);
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
pub fn skipped(kind: &Kind, skip: &Ident, options: &Options, errors: &mut Errors) {
    if options.names.len() > 1 {
        let message = "`skip` leaves the function alone, so other options do nothing; \
                       remove them, or `skip`";
        errors.push(skip.span(), message);
    }
    if let Kind::Other(what, span) = kind {
        let message = format!(
            "the attribute does not apply to {what}, so there is nothing to skip; remove it"
        );
        errors.push(*span, message);
    }
}
