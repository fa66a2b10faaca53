//! The fast path: the usual decisions in a few instructions, taken with the arguments still where C
//! has put them.
//!
//! With room on the thread stack (not for `switch = always`), or on the system stack that the thread
//! used last, it jumps into the body, so that nothing lies between C and the body. On the thread
//! stack, with that system stack idle and all arguments in registers, it changes stacks and calls the
//! body there. In every other case it jumps to the slow function beside it, which knows all cases.
//!
//! One file for each architecture and system with the same calling convention and thread pointer. Its
//! contract is the macro `fast_path!`, which defines a naked function for one number of arguments;
//! `has_made`, which tells the records of activations that the fast path has begun; and `callback_on`,
//! which tells whose body such an activation runs. With the features `stats` and `asan` there is no
//! fast path: the compiled way counts, and tells the sanitizer.

#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_pointer_width = "64",
    not(any(miri, feature = "stats", feature = "asan"))
))]
mod x86_64;
#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_pointer_width = "64",
    not(any(miri, feature = "stats", feature = "asan"))
))]
pub(crate) use x86_64::{_Unwind_Resume, callback_on, fast_path, has_made, personality};

#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_pointer_width = "64",
    not(any(miri, feature = "stats", feature = "asan"))
)))]
mod none;
#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_pointer_width = "64",
    not(any(miri, feature = "stats", feature = "asan"))
)))]
pub(crate) use none::{callback_on, has_made};

use core::sync::atomic::Ordering::Relaxed;

use crate::callback::{Callback, Describe};
use crate::stack::Header;

/// The callback whose body runs on the stack.
pub(crate) fn running(header: &Header) -> Option<&'static Callback> {
    let record = header.record()?;
    if has_made(record) {
        return callback_on(header);
    }
    // SAFETY: null, or what `claim` has noted before the record: callbacks are static.
    unsafe { header.callback.load(Relaxed).as_ref() }
}

/// The description of a callback as a function, which has a symbol.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) extern "C" fn describe<D: Describe>() -> &'static Callback {
    const { &D::CALLBACK }
}

/// Registers that one value takes, by size and alignment; `None` where it may travel in memory.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) const fn registers_for(bytes: usize, align: usize) -> Option<usize> {
    match bytes {
        0 => Some(0),
        1 | 2 | 4 | 8 if align == bytes => Some(1),
        _ => None,
    }
}

/// Whether arguments of these sizes and alignments, and the address of a result that travels in
/// memory, all travel in so many registers.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) const fn in_registers(
    arguments: &[(usize, usize)],
    result: (usize, usize),
    registers: usize,
) -> bool {
    let mut used = if registers_for(result.0, result.1).is_some() { 0 } else { 1 };
    let mut at = 0;
    while at < arguments.len() {
        match registers_for(arguments[at].0, arguments[at].1) {
            Some(more) => used += more,
            None => return false,
        }
        at += 1;
    }
    used <= registers
}
