//! Everywhere else: `thread_local!`.

use core::cell::Cell;
use core::ptr;

use super::Hot;
use crate::stack::NO_STACK;

thread_local! {
    static HOT: Hot = const { Hot { low: Cell::new(0), room_bytes: Cell::new(0), stack: Cell::new(&raw const NO_STACK) } };
}

/// The calling thread's words.
#[inline(always)]
pub(crate) fn hot() -> *const Hot {
    HOT.with(ptr::from_ref)
}
