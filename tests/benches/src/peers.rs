//! What the alternatives run on.

use core::cell::UnsafeCell;
use core::num::NonZeroUsize;

use corosensei::stack::{Stack, StackPointer};

/// What `maybe_grow` is asked to leave free: the reserve of the attribute's default.
pub(crate) const RESERVE_BYTES: usize = 128 * 1024;

/// A stack of an alternative.
pub(crate) const STACK_BYTES: usize = 1 << 20;

/// The one stack that `psm` and `corosensei` use again for each call, in static memory. Real users
/// need one for each thread and the means to find it; here the address is a constant, which costs
/// the least that there could be.
pub(crate) struct Reused;

#[repr(C, align(4096))]
struct Memory(UnsafeCell<[u8; STACK_BYTES]>);

// SAFETY: used as a stack by one callback at a time, since the benchmark calls these on one thread.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new([0; STACK_BYTES]));

impl Reused {
    #[inline(always)]
    pub(crate) fn low() -> *mut u8 {
        MEMORY.0.get().cast()
    }
}

// SAFETY: base and limit are the ends of memory that is there for the life of the process and used
// for nothing else. It has no guard page, which the bodies measured here do not need.
unsafe impl Stack for Reused {
    #[inline(always)]
    fn base(&self) -> StackPointer {
        StackPointer::new(Self::low().addr() + STACK_BYTES).unwrap_or(NonZeroUsize::MAX)
    }

    #[inline(always)]
    fn limit(&self) -> StackPointer {
        StackPointer::new(Self::low().addr()).unwrap_or(NonZeroUsize::MAX)
    }
}
