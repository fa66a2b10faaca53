//! The fast path: the usual decisions in a few instructions, taken with the arguments still where C
//! has put them.
//!
//! With room on the thread stack (not for `switch = always`), or on the system stack that the
//! thread used last, it jumps into the body, so that nothing lies between C and the body. On the
//! thread stack, with that system stack idle, it changes stacks and calls the body there, with what
//! may be arguments on the stack copied. In every other case it jumps to the slow function beside
//! it, which knows all cases.
//!
//! One file for each architecture and system with the same calling convention and thread pointer.
//! Its contract is the macro `fast_path!`, which defines a naked function for one number of
//! arguments; `has_made`, which tells the records of activations that the fast path has begun; and
//! `callback_on`, which tells whose body such an activation runs. With the features `stats` and
//! `asan` there is no fast path: the compiled way counts, and tells the sanitizer.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_pointer_width = "64",
        not(any(miri, feature = "stats", feature = "asan")),
    ))] {
        mod x86_64;
        pub(crate) use x86_64::{
            _Unwind_Resume, callback_on, fast_path, has_made, personality, words_to_copy,
        };
        macro_rules! if_fast_path {
            ({ $($items:item)* } else { $($_others:item)* }) => { $($items)* };
        }
    } else {
        mod none;
        pub(crate) use none::{callback_on, has_made};
        macro_rules! if_fast_path {
            ({ $($_others:item)* } else { $($items:item)* }) => { $($items)* };
        }
    }
}
/// The first items on targets with a fast path, the second ones on all others.
pub(crate) use if_fast_path;

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

/// The most that a fast path subtracts from SP: what fits into an instruction.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) const MOST_NEEDED_BYTES: usize = 1 << 30;

/// The most words of arguments on the stack that the fast path copies to another stack.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) const MOST_STACK_WORDS: usize = 32;

/// How many words at most the arguments with these sizes and alignments take on the stack, where so
/// many values travel in registers at most. Which travel where is C's affair and cannot be told
/// from types that are parameters; so all count that could be there. More than [`MOST_STACK_WORDS`]
/// where one needs to lie at more than a multiple of 16.
#[allow(dead_code, reason = "for targets with a fast path")]
pub(crate) const fn stack_words(
    arguments: &[(usize, usize)],
    result: (usize, usize),
    registers: usize,
) -> usize {
    const WORD: usize = size_of::<usize>();
    // The address of a result that travels in memory is one more argument.
    let mut in_registers = if is_register(result.0, result.1) { 0 } else { 1 };
    let (mut words, mut all_in_registers, mut at) = (0, true, 0);
    while at < arguments.len() {
        let (bytes, align) = arguments[at];
        if align > 2 * WORD {
            return MOST_STACK_WORDS + 1;
        }
        in_registers += if bytes == 0 { 0 } else { 1 };
        all_in_registers = all_in_registers && (bytes == 0 || is_register(bytes, align));
        words += bytes.div_ceil(WORD) + (align > WORD) as usize;
        at += 1;
    }
    if all_in_registers && in_registers <= registers { 0 } else { words }
}

/// Whether a value of this size and alignment travels in a register as long as there are registers.
/// Others are perhaps split, or lie in memory: a packed structure, say.
const fn is_register(bytes: usize, align: usize) -> bool {
    matches!(bytes, 1 | 2 | 4 | 8) && align == bytes || bytes == 0
}
