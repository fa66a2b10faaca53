//! The words that every warm callback reads, kept where it can read them in one instruction each.
//!
//! On x86_64 Linux with glibc they are a thread-local of the initial-exec model, defined here in assembly, because
//! `thread_local!` in a shared object costs a call for each access. A library with such a variable can be opened only while glibc has room
//! for all of its thread-locals in what it keeps for that (512 bytes unless `glibc.rtld.optional_static_tls` says otherwise, and some more that
//! is for libraries of the system): for the sixth or seventh library of this kind in a process it has none. The feature `dynamic-tls` is for
//! those. musl keeps no room at all, so there, and everywhere else, the words have the portable form.

// The only list of targets: the file of the line that applies; where none does, the one of the module's own name.
#[cfg_attr(
    all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu",
        target_pointer_width = "64",
        not(any(miri, feature = "dynamic-tls"))
    ),
    path = "hot/initial_exec.rs"
)]
mod portable;

#[allow(unused_imports, reason = "`HOT` is for the front, where there is one")]
pub use portable::*;

use core::cell::Cell;
use core::mem::offset_of;
use core::sync::atomic::{Ordering, compiler_fence};

use crate::callback::{Callback, Mode};
use crate::stack::{Header, NO_STACK};

/// What the warm path reads of a thread.
#[repr(C)]
pub(crate) struct Hot {
    /// The thread stack as the warm path sees it: `SP - low < room_bytes`. Empty before first use, where the bounds are
    /// unknown, and where the process switches by default.
    pub(crate) low: Cell<usize>,
    pub(crate) room_bytes: Cell<usize>,
    /// The system stack as the front sees it, in the same way.
    pub(crate) system_low: Cell<usize>,
    pub(crate) system_room_bytes: Cell<usize>,
    /// The room of it above what most callbacks need ([`Callback::USUAL_NEED_BYTES`]).
    pub(crate) system_room_above_need: Cell<usize>,
    /// The same as `stack` and `always_stack`, or `NO_STACK` where that has less than [`USUAL_ROOM_BYTES`], which spares the front a look
    /// at its size, and where there is an alternate signal stack to look out for.
    pub(crate) front_stack: Cell<*const Header>,
    pub(crate) front_always_stack: Cell<*const Header>,
    /// The system stack to run the next body on; `NO_STACK` before first use, and while it is not known where the thread stack is. Never null.
    pub(crate) stack: Cell<*const Header>,
    /// The same for `switch = always`, which does not ask where the thread stack is.
    pub(crate) always_stack: Cell<*const Header>,
    /// The room of the thread stack above what most callbacks need.
    pub(crate) room_above_need: Cell<usize>,
    /// The alternate signal stack, where it is known that the thread has one. The front asks for none: there it sees no stack to take.
    signal_low: Cell<usize>,
    signal_bytes: Cell<usize>,
}

impl Hot {
    /// The system stack for a callback of this mode.
    #[inline(always)]
    pub(crate) fn stack_for(&self, mode: Mode) -> *const Header {
        if matches!(mode, Mode::Always) { self.always_stack.get() } else { self.stack.get() }
    }

    /// Whether `sp` lies on what is known as the alternate signal stack.
    #[inline(always)]
    pub(crate) fn is_on_signal_stack(&self, sp: usize) -> bool {
        sp.wrapping_sub(self.signal_low.get()) < self.signal_bytes.get()
    }

    /// Lowest address and length of that stack, zeros if none is known.
    pub(crate) fn signal_stack(&self) -> (usize, usize) {
        (self.signal_low.get(), self.signal_bytes.get())
    }

    /// Sets it. [`Hot::set_stack`] comes after this.
    pub(crate) fn set_signal_stack(&self, (low, bytes): (usize, usize)) {
        self.signal_bytes.set(0);
        compiler_fence(Ordering::SeqCst);
        self.signal_low.set(low);
        compiler_fence(Ordering::SeqCst);
        self.signal_bytes.set(bytes);
    }
}

// The front (front/x86_64.rs) counts on these.
const _: () = assert!(offset_of!(Hot, low) == 0 && offset_of!(Hot, room_bytes) == size_of::<usize>());
const _: () = assert!(offset_of!(Hot, system_low) == 2 * size_of::<usize>());
const _: () = assert!(offset_of!(Hot, system_room_bytes) == 3 * size_of::<usize>());
const _: () = assert!(offset_of!(Hot, system_room_above_need) == 4 * size_of::<usize>());
const _: () = assert!(offset_of!(Hot, front_stack) == 5 * size_of::<usize>());
const _: () = assert!(offset_of!(Hot, front_always_stack) == 6 * size_of::<usize>());
const _: () = assert!(offset_of!(Hot, room_above_need) == 9 * size_of::<usize>());

/// The room of the stacks that the front may take: a little less than 1 MiB, for those who set
/// [`Settings::system_stack_bytes`](crate::Settings::system_stack_bytes) to that.
pub const USUAL_ROOM_BYTES: usize = 960 * 1024;

impl Hot {
    /// Sets what is taken for the thread stack.
    pub(crate) fn set_thread_stack(&self, low: usize, room_bytes: usize) {
        set_range(&self.low, &self.room_bytes, &self.room_above_need, low, room_bytes);
    }

    /// Sets the stack to run the next body on, for all modes or for `switch = always` alone.
    pub(crate) fn set_stack(&self, stack: &'static Header, for_all: bool) {
        let usual = if stack.room_bytes >= USUAL_ROOM_BYTES { stack } else { &NO_STACK };
        self.always_stack.set(stack);
        self.stack.set(if for_all { stack } else { &NO_STACK });
        let taken_by_front = if self.signal_bytes.get() == 0 { usual } else { &NO_STACK };
        self.front_always_stack.set(taken_by_front);
        self.front_stack.set(if for_all { taken_by_front } else { &NO_STACK });
        let (room, above_need) = (&self.system_room_bytes, &self.system_room_above_need);
        set_range(&self.system_low, room, above_need, usual.low, usual.room_bytes);
    }
}

/// Changes a range so that a signal handler in between sees an empty one, not a wrong one.
fn set_range(
    low: &Cell<usize>,
    room_bytes: &Cell<usize>,
    room_above_need: &Cell<usize>,
    new_low: usize,
    new_room_bytes: usize,
) {
    room_bytes.set(0);
    room_above_need.set(0);
    compiler_fence(Ordering::SeqCst);
    low.set(new_low);
    compiler_fence(Ordering::SeqCst);
    room_bytes.set(new_room_bytes);
    room_above_need.set(new_room_bytes.saturating_sub(Callback::USUAL_NEED_BYTES));
}
