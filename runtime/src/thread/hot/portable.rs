//! Everywhere else: `thread_local!`, or what comes near it (thread/local.rs).

use core::cell::Cell;
use core::ptr;

use super::Hot;
use crate::stack::NO_STACK;

crate::thread::local::local! {
    static HOT: Hot = Hot {
        low: Cell::new(0),
        room_bytes: Cell::new(0),
        system_low: Cell::new(0),
        system_room_bytes: Cell::new(0),
        system_room_above_need: Cell::new(0),
        front_stack: Cell::new(&raw const NO_STACK),
        front_always_stack: Cell::new(&raw const NO_STACK),
        stack: Cell::new(&raw const NO_STACK),
        always_stack: Cell::new(&raw const NO_STACK),
        room_above_need: Cell::new(0),
        signal_low: Cell::new(0),
        signal_bytes: Cell::new(0),
    };
}

/// The calling thread's words.
#[inline(always)]
pub(crate) fn hot() -> *const Hot {
    HOT.with(ptr::from_ref)
}
