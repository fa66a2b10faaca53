//! Stacks that no thread keeps, with activations on them that may end on any thread, or be found
//! dead by any: one of those gives the stack to the pool, once.
//!
//! The functions return whether it is the caller: then the stack is unused, and nobody else has it.

use super::Header;
use crate::sync::{AtomicUsize, Ordering::*};

/// The owner of such a stack.
const ORPHAN: usize = 1;

/// The same while somebody looks at it.
const BUSY: usize = 2;

/// Whether this is the address of a thread's state.
pub(crate) fn is_a_thread(owner: usize) -> bool {
    owner > BUSY
}

impl Header {
    /// A thread has the stack now, with its thread-locals at this place.
    pub(crate) fn set_owner(&self, owner: usize, place: usize) {
        // First: with the place of the owner before, the stack would pass for one of a thread that
        // is gone, to a thread that has its thread-locals there now.
        self.owner_place.store(place, Relaxed);
        self.owner.store(owner, Release);
    }

    /// Whether the thread that has it is gone: another one, which had its thread-locals where the
    /// caller has them now.
    pub(crate) fn is_left_by_predecessor(&self, own: usize, place: usize) -> bool {
        let owner = self.owner.load(Acquire);
        let is_anothers = is_a_thread(owner) && owner != own;
        is_anothers && self.owner_place.load(Relaxed) == place
    }

    /// Its thread has no use for it any more.
    pub(crate) fn give_up(&self, orphans: &AtomicUsize) -> bool {
        let is_unused = self.make_unused();
        if !is_unused {
            self.make_orphan(orphans);
        }
        is_unused
    }

    /// No thread keeps it any more, and an activation is on it.
    pub(crate) fn make_orphan(&self, orphans: &AtomicUsize) {
        orphans.fetch_add(1, Relaxed);
        self.owner.store(ORPHAN, Relaxed);
    }

    /// Begins to look at an orphan.
    pub(crate) fn take_orphan(&self) -> bool {
        self.owner.compare_exchange(ORPHAN, BUSY, Relaxed, Relaxed).is_ok()
    }

    /// Ends that. An activation that has ended meanwhile was left to the caller.
    pub(crate) fn put_back_orphan(&self, orphans: &AtomicUsize) -> bool {
        let is_unused = self.make_unused();
        if is_unused {
            orphans.fetch_sub(1, Relaxed);
        } else {
            self.owner.store(ORPHAN, Relaxed);
        }
        is_unused
    }
}
