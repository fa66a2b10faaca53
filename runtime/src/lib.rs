//! Callbacks from C that run with full stack, whatever stack C calls them on.
//!
//! # The problem
//!
//! C calls a Rust callback on a stack that Rust did not choose: a 128 KiB thread of musl, a 16 KiB coroutine, an alternate signal
//! stack, a thread whose C frames have eaten it. The body is written as if it had megabytes; when it does not, the process dies with a
//! bare SIGSEGV. The attribute [`guarded_callback`] on an `extern` function checks the stack that is left against the bounds of the
//! real thread, and runs the body on a stack that the runtime owns where there is too little.
//!
//! # Ten lines
//!
//! ```
//! use std::ffi::{c_int, c_void};
//! use guarded_callback::{guarded_callback, remaining_stack};
//!
//! #[guarded_callback(reserve = "512 KiB", switch = always)]
//! unsafe extern "C" fn compare(a: *const c_void, b: *const c_void) -> c_int {
//!     assert!(remaining_stack().is_some_and(|bytes| bytes >= 512 * 1024));
//!     // SAFETY: qsort passes pointers to two elements of the array.
//!     unsafe { (*a.cast::<c_int>()).cmp(&*b.cast::<c_int>()) as c_int }
//! }
//!
//! # #[cfg(unix)] {
//! let mut numbers = [3, 1, 2];
//! // SAFETY: the array has three elements of the size of a C int, and the comparator is for those.
//! unsafe { libc::qsort(numbers.as_mut_ptr().cast(), 3, size_of::<c_int>(), Some(compare)) };
//! assert_eq!(numbers, [1, 2, 3]);
//! # }
//! ```
//!
//! # How it works
//!
//! The attribute makes a shim with the same signature, ABI, name and attributes; the body becomes a function or a closure that is never inlined into
//! it. The shim compares SP with the bounds of the thread's stack and of its system stack, both ends of them. With room for the
//! reserve the body runs in place; otherwise SP moves to the system stack (8 MiB of address space, committed as touched, with a guard area of
//! 64 KiB), and the body is called there. First use on a thread, a foreign stack while the system stack is busy, nesting deeper than a
//! stack: all that is one cold path, which works on a stack from the pool and so needs only some hundred bytes of the host.
//!
//! Panics, C++ exceptions, `pthread_exit`, backtraces and gdb walk through the switch, which has complete call frame information and keeps
//! the frame-pointer chain. A longjmp skips it; the next callback finds the abandoned stack and takes it back.
//!
//! # What it does not do
//!
//! - A body that uses more than its reserve and whatever else its stack has hits the guard area and dies;
//!   [`install_overflow_report`] makes it say so.
//! - Hosts that check their own stack bounds (JavaScript engines, virtual machines) refuse calls back into them from another stack: use
//!   [`on_host_stack`] for those. With the default mode they meet one only where the process would have died.
//! - Conservative garbage collectors and greenlets that copy slices of the stack do not see what lives on a system stack.
//! - A body that is called from a signal handler may leave the alternate stack, and the kernel would start the next handler with
//!   `SA_ONSTACK` at its top again, over the frames of the first. So the thread has no alternate stack while such a body runs. The runtime knows
//!   of one that was set before [`prepare_thread`]; after setting another, call that again. A handler that is left by siglongjmp
//!   meanwhile leaves the thread without one, as with `SS_AUTODISARM`.
//! - A handler that interrupts the runtime between the pool and the thread and leaves by siglongjmp loses the stack that was in hand.
//! - With `fallback`, a C++ exception out of the body aborts, as it does in [`std::panic::catch_unwind`].
//! - The thread stack looks the same where a coroutine stack was carved out of it: [`register_stack`] that one, or use `switch = always`.
//!
//! # Where it works
//!
//! The bounds of stacks come from the system on Linux, Android, macOS and its family, the BSDs, illumos, Solaris, Haiku, Fuchsia and
//! Windows; elsewhere (WebAssembly, UEFI, Miri) they are an estimate. Stacks are switched on x86_64, i686, aarch64, arm, riscv64, s390x,
//! powerpc64 (ELF version 2) and loongarch64; elsewhere bodies run in place. The README says for every target what ran, was linked
//! or was only built, and where.
//!
//! # Minimum supported Rust version and licence
//!
//! Rust 1.95. MIT or Apache 2.0, at your option.

#![doc(test(attr(deny(warnings))))]

mod api;
mod bounds;
mod call;
mod callback;
mod cfg_if;
mod checkers;
mod decision;
mod diagnostics;
mod emergency;
mod ending;
mod entry;
mod errno;
mod fast;
#[cfg(any(doc, doctest))]
pub mod guide;
mod host_call;
mod liveness;
mod locate;
mod os_bounds;
mod probe;
mod process;
mod registry;
mod settings;
mod slow_path;
mod stack;
mod switch;
mod thread;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use api::{
    Options, call_guarded, install_overflow_report, measure, on_host_stack, on_system_stack, prepare_thread, register_stack,
    remaining_stack, trim,
};
pub use bounds::{Source, StackBounds};
pub use callback::{Foreign, Mode};
#[cfg(feature = "stats")]
pub use diagnostics::callback_stats::{CallbackStats, callback_stats};
pub use diagnostics::counters::{Stats, stats};
pub use diagnostics::map::StackMap;
#[cfg(feature = "stats")]
pub use diagnostics::report::Report;
pub use guarded_callback_macros::guarded_callback;
pub use registry::{RegisterError, Registration};
pub use settings::{Settings, SettingsError};
