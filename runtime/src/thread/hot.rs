//! The four words that every warm callback reads, kept where it can read them in one instruction each.
//!
//! On x86_64 Linux with glibc they are a thread-local of the initial-exec model, defined here in assembly, because
//! `thread_local!` in a shared object costs a call for each access. Four words fit the room that glibc keeps for such variables of libraries loaded later (512 bytes
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

use crate::callback::Mode;
use crate::stack::Header;

/// What the warm path reads of a thread.
#[repr(C)]
pub(crate) struct Hot {
    /// The thread stack as the warm path sees it: `SP - low < room_bytes`. Empty before first use, where the bounds are
    /// unknown, and where the process switches by default.
    pub(crate) low: Cell<usize>,
    pub(crate) room_bytes: Cell<usize>,
    /// The system stack to run the next body on; `NO_STACK` before first use, and while it is not known where the thread stack is. Never null.
    pub(crate) stack: Cell<*const Header>,
    /// The same for `switch = always`, which does not ask where the thread stack is.
    pub(crate) always_stack: Cell<*const Header>,
}

impl Hot {
    /// The system stack for a callback of this mode.
    #[inline(always)]
    pub(crate) fn stack_for(&self, mode: Mode) -> *const Header {
        if matches!(mode, Mode::Always) { self.always_stack.get() } else { self.stack.get() }
    }
}
