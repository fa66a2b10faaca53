//! Where the thread's own stack ends: the lowest address that code on it can use.
//!
//! One file for each system asks it; what follows from its report is computed in [`rules`], the
//! same on every system.

#[cfg_attr(not(test), allow(dead_code, reason = "a system uses its own rules, the tests all"))]
mod rules;

use crate::bounds::StackBounds;
use crate::cfg_if::cfg_if;
use crate::switch::OsStack;

// The only list of systems. Miri models none of the calls.
cfg_if! {
    if #[cfg(miri)] {
        mod other;
        mod thread_only;
        use {other as system, thread_only as imp};
    } else if #[cfg(any(target_os = "linux", target_os = "android"))] {
        mod attributes;
        mod limit;
        mod linux;
        mod thread_only;
        use {linux as system, thread_only as imp};
    } else if #[cfg(target_vendor = "apple")] {
        mod apple;
        mod limit;
        mod thread_only;
        use {apple as system, thread_only as imp};
    } else if #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))] {
        mod attributes;
        mod freebsd;
        mod limit;
        mod thread_only;
        use {freebsd as system, thread_only as imp};
    } else if #[cfg(target_os = "netbsd")] {
        mod attributes;
        mod limit;
        mod netbsd;
        mod thread_only;
        use {netbsd as system, thread_only as imp};
    } else if #[cfg(target_os = "openbsd")] {
        mod limit;
        mod openbsd;
        mod thread_only;
        use {openbsd as system, thread_only as imp};
    } else if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        mod limit;
        mod solarish;
        mod thread_only;
        use {solarish as system, thread_only as imp};
    } else if #[cfg(all(
        windows,
        any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")
    ))] {
        mod windows;
        use windows as imp;
    } else {
        mod other;
        mod thread_only;
        use {other as system, thread_only as imp};
    }
}

pub(crate) use imp::{KNOWN_ON_ARRIVAL_ONLY, bounds_at, thread_stack_of};

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
