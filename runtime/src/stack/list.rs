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

/// The list.
pub(crate) struct List(AtomicUsize);

impl List {
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(EMPTY))
    }

    /// Adds a stack that is in no list.
    pub(crate) fn push(&self, header: &'static Header) {
        let number = table::number(header.slot);
        let mut head = self.0.load(Relaxed);
        loop {
            header.next_listed.store(head % GRANULE_NUMBERS, Relaxed);
            let new = (head - head % GRANULE_NUMBERS).wrapping_add(GRANULE_NUMBERS) | number;
            match self.0.compare_exchange_weak(head, new, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Takes the stack that was added last.
    pub(crate) fn pop(&self) -> Option<&'static Header> {
        let mut head = self.0.load(Acquire);
        loop {
            let number = head % GRANULE_NUMBERS;
            if number == EMPTY {
                return None;
            }
            // Headers are readable for ever; one that is in another list by now has changed the
            // head.
            let header = table::stack_of(number)?;
            let next = header.next_listed.load(Relaxed);
            let new = (head - number) | next;
            match self.0.compare_exchange_weak(head, new, Acquire, Acquire) {
                Ok(_) => return Some(header),
                Err(now) => head = now,
            }
        }
    }
}
