//! Whether a stack is in use: one word, which the fast path writes as well.

use crate::sync::{AtomicUsize, Ordering::*};

/// The value on a stack without an activation.
const IDLE: usize = 0;

/// The same while no thread has the stack: nobody who still remembers it can take it.
const UNUSED: usize = 1;

/// The address of the record of the running activation, or what is said instead of it.
#[repr(transparent)]
pub(crate) struct Calling(AtomicUsize);

impl Calling {
    /// Of a new stack, which nobody has yet.
    pub(super) const fn unused() -> Self {
        Self(AtomicUsize::new(UNUSED))
    }

    /// Of what is no stack: never idle.
    pub(super) const fn never_idle() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }

    #[inline(always)]
    pub(super) fn is_idle(&self) -> bool {
        self.0.load(Acquire) <= UNUSED
    }

    pub(super) fn record(&self) -> Option<usize> {
        let calling = self.0.load(Acquire);
        (calling > UNUSED).then_some(calling)
    }

    /// From idle to in use, by one instruction. Acquire: another thread may have ended the
    /// activation before.
    #[inline(always)]
    pub(super) fn claim(&self, record: usize) -> bool {
        self.0.compare_exchange(IDLE, record, AcqRel, Relaxed).is_ok()
    }

    /// From unused to in use.
    pub(super) fn begin(&self, record: usize) {
        self.0.store(record, Release);
    }

    /// From idle to unused. False when it is in use.
    pub(super) fn make_unused(&self) -> bool {
        let seen = self.0.compare_exchange(IDLE, UNUSED, Acquire, Relaxed);
        seen.unwrap_or_else(|calling| calling) <= UNUSED
    }

    /// From in use to idle. Release: the frames of the body come before the next use of the stack.
    #[inline(always)]
    pub(super) fn set_idle(&self) {
        self.0.store(IDLE, Release);
    }
}
