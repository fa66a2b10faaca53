//! A list of stacks that any thread and any signal handler may take from and add to, without a
//! lock.
//!
//! The head is one word: the number of a granule (see [`table`]), and a count of what was added, so
//! that who has read a link before another took the stack and put it back does not use that link.

use super::Header;
use super::table::{self, GRANULE_NUMBERS};
use crate::sync::{AtomicUsize, Ordering::*};

/// No stack has this number: nothing is mapped at address 0.
const EMPTY: usize = 0;

#[derive(Default)]
pub(crate) struct List(AtomicUsize);

impl List {
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(EMPTY))
    }

    /// Adds a stack that is in no list.
    pub(crate) fn push(&self, header: &'static Header) {
        let number = table::number(header.slot);
        // Fails never.
        let _ = self.0.fetch_update(Release, Relaxed, |head| {
            header.next_listed.store(head % GRANULE_NUMBERS, Relaxed);
            Some((head - head % GRANULE_NUMBERS).wrapping_add(GRANULE_NUMBERS) | number)
        });
    }

    /// Takes the stack that was added last.
    pub(crate) fn pop(&self) -> Option<&'static Header> {
        let head = self.0.fetch_update(Acquire, Acquire, |head| {
            let number = head % GRANULE_NUMBERS;
            // Any header can be read. If this one has gone to another list, the head has changed,
            // and the exchange fails.
            let header = table::stack_of(number).filter(|_| number != EMPTY)?;
            Some((head - number) | header.next_listed.load(Relaxed))
        });
        table::stack_of(head.ok()? % GRANULE_NUMBERS)
    }
}
