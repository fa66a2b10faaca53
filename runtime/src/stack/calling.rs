//! Whether a stack is in use: one word, which the fast path writes as well. It is the address of
//! the record of the running activation, or what is said instead of it.

use super::Header;
use crate::sync::Ordering::*;

/// The value on a stack without an activation.
const IDLE: usize = 0;

/// The same while no thread has the stack, as a new one: nobody who still remembers it can take it.
pub(super) const UNUSED: usize = 1;

/// Of what is no stack.
pub(super) const NEVER_IDLE: usize = usize::MAX;

impl Header {
    /// Whether no activation has the stack.
    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.calling.load(Acquire) <= UNUSED
    }

    /// The address of the record of the running activation.
    pub(crate) fn record(&self) -> Option<usize> {
        let calling = self.calling.load(Acquire);
        (calling > UNUSED).then_some(calling)
    }

    /// From idle to in use, by one instruction. Acquire: another thread may have ended the
    /// activation before.
    #[inline(always)]
    pub(super) fn make_used(&self, record: usize) -> bool {
        self.calling.compare_exchange(IDLE, record, AcqRel, Relaxed).is_ok()
    }

    /// The same, unless a handler has carried the caller to another thread than the owner's: the
    /// owner's fast path takes the stack without a lock, and may do so at the same time. What it
    /// writes wins; this gives up what it has taken. `place`: where the thread-locals of the thread
    /// are that the caller runs on.
    #[inline(always)]
    pub(super) fn make_used_by_owner(&self, record: usize, place: impl FnOnce() -> usize) -> bool {
        if !self.make_used(record) {
            return false;
        }
        // In this order: on the owner's thread all is done by now that it did before.
        let is_used =
            place() == self.owner_place.load(Relaxed) && self.calling.load(Acquire) == record;
        if !is_used {
            let _ = self.calling.compare_exchange(record, IDLE, Release, Relaxed);
        }
        is_used
    }

    /// From idle to unused, for the pool or for a decision on it. False when it is in use.
    pub(crate) fn make_unused(&self) -> bool {
        let seen = self.calling.compare_exchange(IDLE, UNUSED, Acquire, Relaxed);
        seen.unwrap_or_else(|calling| calling) <= UNUSED
    }

    /// Ends the activation: from in use to idle. Release: the frames of the body come before the
    /// next use of the stack.
    #[inline(always)]
    pub(crate) fn set_idle(&self) {
        self.calling.store(IDLE, Release);
    }
}
