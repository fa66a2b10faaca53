//! Where the thread's own stack ends: the lowest address that code on it can use.
//!
//! A file for each family of systems asks; what follows from the report is computed in [`rules`],
//! the same on every system.

#[allow(dead_code, reason = "a system uses its own rules, the tests all")]
mod rules;

use crate::bounds::StackBounds;
use crate::cfg_if::cfg_if;
use crate::switch::OsStack;

// Miri models none of the calls.
cfg_if! {
    if #[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))] {
        mod attributes;
        mod limit;
        mod linux;
        use linux as system;
    } else if #[cfg(known_unix)] {
        #[cfg(any(target_os = "freebsd", target_os = "dragonfly", target_os = "netbsd"))]
        mod attributes;
        mod limit;
        mod unix;
        use unix as system;
    } else if #[cfg(all(
        windows,
        any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"),
        not(miri),
    ))] {
        mod windows;
        use windows as system;
    } else {
        mod other;
        use other as system;
    }
}

/// The bounds of the calling thread's own stack, with all that cannot be used (guard pages, kernel
/// gaps) subtracted; `None` when the system does not tell.
///
/// - `sp`: an address on the stack that C called from, which may be a foreign one.
/// - `may_call_libc`: false where the interrupted code may hold a lock of the C library or be
///   inside `malloc`: in a signal handler, in an allocator's hook. Then only async-signal-safe ways
///   are used, and `None` may also mean that there is none: ask again later.
///
/// May change errno.
pub(crate) fn thread_stack(sp: usize, may_call_libc: bool) -> Option<StackBounds> {
    thread_stack_of(sp, &OsStack::now(), may_call_libc)
}

/// As [`thread_stack`]; `os_stack` has the system's fields for the stack with `sp`, from when that
/// was in use.
pub(crate) use system::thread_stack as thread_stack_of;

/// The bounds of the stack in use where the system knows it (Windows), whoever made it. On a stack
/// that nobody told the system of, `sp` lies outside.
pub(crate) fn bounds_at(sp: usize) -> Option<StackBounds> {
    OsStack::now().bounds().filter(|bounds| bounds.contains(sp))
}
