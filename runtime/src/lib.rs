//! Callbacks from C that run with full stack, whatever stack C calls them on.
//!
//! C calls a Rust callback on a stack that Rust did not choose: a 128 KiB thread of musl, a 16 KiB
//! coroutine, an alternate signal stack, a thread whose stack C has nearly used up. Rust code
//! usually assumes megabytes. When they are not there, the process dies.
//!
//! The attribute [`guarded_callback`] checks how much stack remains. If there is too little, it
//! runs the function on an 8 MiB stack that the crate provides.
//!
//! ```
//! use std::ffi::{c_int, c_void};
//! use guarded_callback::{guarded_callback, remaining_stack};
//!
//! #[guarded_callback(reserve = "512 KiB")]
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
//! By default (`reserve = "128 KiB"`, `switch = when_low`, `foreign = switch`) the body runs in
//! place while 128 KiB are free, and on a system stack otherwise. [`guarded_callback`] explains
//! the options.
//!
//! # What is here
//!
//! | task | item |
//! |---|---|
//! | protect a function | [`guarded_callback`] |
//! | protect a closure | [`call_guarded`], [`Options`], [`Mode`], [`Foreign`] |
//! | call back into a host that checks its stack | [`on_host_stack`] |
//! | do first-use work early | [`prepare_thread`] |
//! | tell of a coroutine's stack | [`register_stack`], [`Registration`] |
//! | change sizes and defaults | [`Settings`] |
//! | find out what an overflow was | [`install_overflow_report`] |
//! | see how much is left, and where | [`remaining_stack`], [`StackBounds`], [`on_system_stack`] |
//! | find out how large `reserve` must be | [`measure`], feature `stats` |
//! | see the stacks of a thread | [`StackMap`] |
//! | count what happened | [`stats()`], [`Stats`] |
//! | give memory back | [`trim`] |
//!
//! The module `guide` (in this documentation only) has a page for each question: getting started,
//! options, hosts, sizing, troubleshooting, safety, limits, how it works, platforms.
//!
//! # How it works
//!
//! The attribute makes a shim with the same signature, ABI, name and attributes; the body is a
//! separate function, so its frame is not allocated before the check. With room for the reserve the
//! body runs in place; otherwise the stack pointer moves to a system stack: 8 MiB of address space,
//! committed as touched, above a guard area of 1 MiB (64 KiB on Windows and on 32-bit targets). The
//! guide's page `how_it_works` has the rest.
//!
//! # What it does not do
//!
//! - `reserve` is checked on entry, not enforced. A body that needs more than its stack has can
//!   still overflow; [`install_overflow_report`] makes it say so.
//! - Hosts that scan, copy or check stacks may need an option: `foreign = stay` for their fibers,
//!   [`on_host_stack`] for calls back into them, or the check-only way, `switch = never, foreign =
//!   stay` with a small `reserve`.
//! - With `fallback`, a C++ exception out of the body aborts, as in [`std::panic::catch_unwind`].
//! - A coroutine stack carved out of a thread stack or of a system stack looks like that stack,
//!   unless [`register_stack`] tells.
//! - Call [`prepare_thread`] after setting an alternate signal stack that lies inside of the
//!   thread's stack or of a body's.
//!
//! # Where it works
//!
//! The bounds of stacks come from the system on Linux, Android, macOS and its family, the BSDs,
//! illumos, Solaris and Windows; elsewhere (Haiku, Fuchsia, WebAssembly, UEFI, Miri) they are
//! estimated ([`Source::Estimated`]), and bodies run in place. Stacks are switched on x86_64, i686,
//! aarch64, arm, riscv64, s390x, powerpc64 (ELF version 2) and loongarch64. The README says which
//! targets were tested and how.
//!
//! # Features
//!
//! `stats` counts calls for each callback and measures how deep bodies go. `asan` tells
//! AddressSanitizer of each switch. Both are off by default, and turn the fast path off.
//!
//! # Minimum supported Rust version and licence
//!
//! Rust 1.88, the first with naked functions. MIT or Apache 2.0, at your option.

#![doc(test(attr(deny(warnings))))]
// Marks what needs a feature, where the documentation is built for docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
mod lenders;
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
mod sync;
mod thread;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use api::{
    call_guarded, install_overflow_report, on_system_stack, register_stack, remaining_stack,
};
pub use bounds::{Source, StackBounds};
pub use callback::{Foreign, Mode, Options};
#[cfg(feature = "stats")]
pub use diagnostics::callback_stats::{CallbackStats, callback_stats};
pub use diagnostics::counters::{Stats, stats};
pub use diagnostics::map::StackMap;
pub use diagnostics::measure::measure;
#[cfg(feature = "stats")]
pub use diagnostics::report::Report;
pub use guarded_callback_macros::guarded_callback;
pub use host_call::on_host_stack;
pub use registry::{RegisterError, Registration};
pub use settings::{Settings, SettingsError};
pub use slow_path::prepare_thread;
pub use stack::pool::trim;
