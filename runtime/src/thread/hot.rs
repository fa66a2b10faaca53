//! The three words that every warm callback reads, kept where it can read them in one instruction each.
//!
//! On x86_64 Linux with glibc they are a thread-local of the initial-exec model, defined here in assembly, because the
//! front (front/x86_64.rs) reads them before any Rust code runs and because `thread_local!` in a shared object costs a call for
//! each access. Three words fit the room that glibc keeps for such variables of libraries loaded later (512 bytes
//! unless `glibc.rtld.optional_static_tls` says otherwise); musl keeps none, so it has the portable form like everything else.

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu", target_pointer_width = "64", not(miri)))]
mod initial_exec;
#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(miri)
))]
pub use initial_exec::*;
#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(miri)
)))]
mod portable;
#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(miri)
)))]
pub(crate) use portable::*;

use core::cell::Cell;

use crate::stack::Header;

/// What the warm path reads of a thread.
#[repr(C)]
pub(crate) struct Hot {
    /// The thread stack as the warm path sees it: `SP - low < room_bytes`. Empty before first use, where the bounds are
    /// unknown, and where the process switches by default.
    pub(crate) low: Cell<usize>,
    pub(crate) room_bytes: Cell<usize>,
    /// The system stack to run the next body on; `NO_STACK` before first use. Never null.
    pub(crate) stack: Cell<*const Header>,
}

// The front's assembly counts on these.
const _: () = assert!(core::mem::offset_of!(Hot, low) == 0);
const _: () = assert!(core::mem::offset_of!(Hot, room_bytes) == size_of::<usize>());
const _: () = assert!(core::mem::offset_of!(Hot, stack) == 2 * size_of::<usize>());
