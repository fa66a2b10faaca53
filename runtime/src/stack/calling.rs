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
    /// activation before. That it had its record there as well is forgotten first: a handler would
    /// take this one for that.
    #[inline(always)]
    pub(super) fn make_used(&self, record: usize) -> bool {
        let ended = self.ended.load(Relaxed);
        self.ended.store(IDLE, Relaxed);
        let is_made = self.calling.compare_exchange(IDLE, record, AcqRel, Relaxed).is_ok();
        if !is_made {
            self.ended.store(ended, Relaxed);
        }
        is_made
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

    /// The same on another thread than the owner's, which is told of it.
    pub(crate) fn set_idle_elsewhere(&self) {
        let ended = self.record().unwrap_or(IDLE);
        self.set_idle();
        // Afterwards: the owner may use the stack again as soon as it reads this.
        self.ended.store(ended, Release);
    }

    /// The same once more, on the owner's, which may have written since that the activation goes
    /// on. Not if another one has the stack.
    pub(crate) fn set_idle_again(&self) {
        let ended = self.ended.load(Acquire);
        let _ = self.calling.compare_exchange(ended, IDLE, Release, Relaxed);
    }
}
