//! Where the thread's stack ends: the lowest address that code on it can use.
//!
//! The contract of every file: `thread_bounds(sp)` returns the bounds of the calling thread's own stack, with all that cannot be
//! used (guard pages, kernel gaps) already subtracted, or `None` when the system does not tell. `sp` is an address on the
//! stack that C called from, which may be another one. Called once per thread; may be slow, need not be
//! async-signal-safe.
//!
//! The files here ask the system; what follows from its answers is computed in [`answers`], which is the same on every system.

#[cfg_attr(not(test), allow(dead_code, reason = "each system uses its own file; the tests run all of them"))]
mod answers;

// The only list of systems: the file of the line that applies; where none does, the one of the module's own name. Miri answers none
// of these questions.
#[cfg_attr(all(any(target_os = "linux", target_os = "android"), not(miri)), path = "linux.rs")]
#[cfg_attr(all(target_vendor = "apple", not(miri)), path = "apple.rs")]
#[cfg_attr(all(any(target_os = "freebsd", target_os = "dragonfly"), not(miri)), path = "freebsd.rs")]
#[cfg_attr(all(target_os = "netbsd", not(miri)), path = "netbsd.rs")]
#[cfg_attr(all(target_os = "openbsd", not(miri)), path = "openbsd.rs")]
#[cfg_attr(all(any(target_os = "illumos", target_os = "solaris"), not(miri)), path = "solarish.rs")]
#[cfg_attr(all(target_os = "haiku", not(miri)), path = "haiku.rs")]
#[cfg_attr(all(target_os = "fuchsia", not(miri)), path = "fuchsia.rs")]
#[cfg_attr(windows, allow(dead_code, reason = "Windows is asked in its own way, see below"))]
mod estimate;

// Windows is asked before the stack is left; the others know the thread's stack wherever SP is.
#[cfg_attr(
    all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri)),
    path = "windows.rs"
)]
mod untold;

pub(crate) use untold::{KNOWN_ON_ARRIVAL_ONLY, bounds_at, thread_bounds};
