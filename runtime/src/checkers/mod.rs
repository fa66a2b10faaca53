//! What memory checkers need to be told of system stacks, so that they report nothing that is not
//! there.
//!
//! - Valgrind ([`valgrind`]): where a stack lies, when it is mapped and unmapped. Always there: on
//!   a processor the requests are instructions without effect, and of warm callbacks only those
//!   with a large result look whether they should make one.
//! - AddressSanitizer (`address_sanitizer`): the stack that the thread is on, at each switch, and
//!   what a longjmp has left behind. Only with the feature `asan`, since a warm callback would have
//!   to ask whether the sanitizer is there.
//! - ThreadSanitizer: nothing. It follows calls and returns, which stay paired across the switch,
//!   and a stack goes from thread to thread by atomic operations, which it sees.

pub(crate) mod valgrind;

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(all(
        feature = "asan",
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))] {
        mod address_sanitizer;
        use address_sanitizer as sanitizer;
    } else {
        mod no_sanitizer;
        use no_sanitizer as sanitizer;
    }
}

pub(crate) use sanitizer::{abandoned, begin, end, returned};
pub(crate) use valgrind::makes_room;

/// What is noted of one stack, in its header.
pub(crate) struct Notes {
    valgrind: valgrind::Id,
    #[cfg_attr(not(feature = "asan"), allow(dead_code, reason = "there is nothing to note"))]
    sanitizer: sanitizer::Fibers,
}

pub(crate) fn mapped(notes: &Notes, low: usize, room_bytes: usize) {
    notes.valgrind.register(low, low + room_bytes);
    sanitizer::mapped(low, room_bytes);
}

/// A stack is about to be unmapped.
pub(crate) fn unmapped(notes: &Notes, low: usize, room_bytes: usize) {
    notes.valgrind.deregister();
    sanitizer::unmapped(notes, low, room_bytes);
}
