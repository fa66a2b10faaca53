//! The three words that every warm callback reads, kept where it can read them in one instruction each.
//!
//! On x86_64 Linux with glibc they are a thread-local of the initial-exec model, defined here in assembly, because
//! `thread_local!` in a shared object costs a call for each access. Three words fit the room that glibc keeps for such variables of libraries loaded later (512 bytes
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
pub(crate) use initial_exec::hot;
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
pub(crate) use portable::hot;

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
