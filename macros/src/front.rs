//! Which callbacks get a front (runtime/src/front/), and how the shim calls it.
//!
//! The front names the type of the user's body, a closure, so that one must capture nothing: all arguments are parameters of it, and a
//! method with `self` has no front. It is written into the shim as items, which see neither generics nor `Self`, so
//! neither has a function whose `stack` says more than a number.

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};

use super::argument::{Argument, Way};
use super::callback::{Abi, Callback};
use super::expand::Shim;
use super::options::Options;
use super::types;

/// As many arguments as any target passes in registers.
const REGISTERS: usize = 6;

/// Whether the function can have a front, as far as its tokens tell. The compiler decides by the sizes of its types.
pub fn is_possible(callback: &Callback, options: &Options) -> bool {
    let nameable = |ty: &TokenStream| types::can_be_named(ty) && !types::is_unsized(ty);
    callback.qualifiers.abi.as_ref().is_some_and(is_of_c)
        && options.stack.clone().is_none_or(is_number)
        && callback.receiver.is_none()
        && nameable(&callback.output.ty)
        && callback.parameters.iter().all(|parameter| nameable(&parameter.ty))
}

/// Whether `clippy::not_unsafe_ptr_arg_deref` may look at the parameters: it knows a parameter in a body that captures it, and not in
/// one that has it as its own.
pub fn hides_pointers(callback: &Callback) -> bool {
    !callback.is_unsafe() && callback.parameters.iter().any(|parameter| types::is_raw_pointer(&parameter.ty))
}

/// ABIs that are the same as "C" wherever there is a front. What unwinds is not switched by it.
fn is_of_c(abi: &Abi) -> bool {
    let Some(name) = &abi.name else { return true };
    let name = name.to_string();
    let name = name.trim_start_matches('r').trim_matches(['"', '#']);
    ["C", "system", "sysv64"].contains(&name.trim_end_matches("-unwind"))
}

/// Whether an expression mentions nothing.
fn is_number(expression: TokenStream) -> bool {
    expression.into_iter().all(|token| match token {
        TokenTree::Ident(_) => false,
        TokenTree::Group(group) => is_number(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => true,
    })
}

/// The user's body as a closure that is told first whether it has a stack to run on. Without one it gives the fallback's value.
pub fn closure(shim: &Shim<'_>, parameters: &TokenStream, body: &TokenStream) -> TokenStream {
    let Shim { core, site, .. } = shim;
    let Some(fallback) = shim.fallback() else {
        return shim.closure(&quote_spanned!(*site=> _: #core::primitive::bool, #parameters), body);
    };
    let names: Vec<_> = shim.arguments.iter().map(|argument| &argument.name).collect();
    let parameters = shim.arguments.iter().map(Argument::named);
    let caught = shim.as_caught().body(body);
    let output = shim.result_type();
    quote_spanned! {*site=>
        move |runs: #core::primitive::bool, #(#parameters),*| #output {
            if runs {
                #caught
            } else {
                // What the body never got is dropped first.
                let _ = (#(#names,)*);
                (#fallback)()
            }
        }
    }
}

/// The choice between the front and the `general` way, as an expression.
pub fn choice(shim: &Shim<'_>, general: &TokenStream) -> TokenStream {
    let Shim { private, arguments, .. } = shim;
    let site = shim.site;
    let description = shim.new_callback();
    let types = (0..arguments.len()).map(|at| format_ident!("A{at}", span = site));
    let parameters = (0..arguments.len()).map(|at| format_ident!("a{at}", span = site));
    let values = arguments.iter().map(|argument| &argument.name);
    let perhaps_large = arguments.iter().filter(|argument| argument.way != Way::Copied).map(type_of);
    let all = arguments.iter().map(type_of);
    let result = result_in_register(shim);
    let abi = if shim.callback.unwinds() { "C-unwind" } else { "C" };
    quote_spanned! {site=>
        #private::front! {
            static __GUARDED_CALLBACK = #description;
            extern #abi body(#(#parameters: #types = #values),*)
            if small(#(#perhaps_large),*) in_registers(#(#all),*; #result) else { #general }
        }
    }
}

/// A type that is asked whether the result travels in a register. That matters beside as many arguments as there are registers; where it
/// does not, `[u8]` says no, so that no more errors come from a type that is wrong.
fn result_in_register(shim: &Shim<'_>) -> TokenStream {
    let output = &shim.callback.output;
    if !output.has_value() {
        return quote_spanned!(shim.site=> ());
    }
    let matters = shim.arguments.len() >= REGISTERS && types::is_small(&output.ty);
    if matters { types::with_inferred_lifetimes(&output.ty) } else { quote_spanned!(shim.site=> [u8]) }
}

fn type_of(argument: &Argument<'_>) -> TokenStream {
    types::with_inferred_lifetimes(&argument.parameter.ty)
}
