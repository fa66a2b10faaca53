//! Stacks in static memory, for the slow path alone: to map a stack, and to decide when none can be
//! mapped.

use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicBool, Ordering::*};

use crate::checkers::valgrind;
use crate::stack::memory;
use crate::switch::{self, OsStack, SwitchRecord};

/// What a handler calls meanwhile runs here, so more than most callbacks ask for. Memory costs
/// nothing until it is touched.
const BYTES: usize = if memory::STATIC_MAY_BE_STACK { 256 * 1024 } else { 64 };

#[repr(C, align(64))]
struct Emergency {
    memory: UnsafeCell<[u8; BYTES]>,
    in_use: AtomicBool,
}

static EMERGENCY: [Emergency; 8] = [const { Emergency::new() }; 8];

// SAFETY: the memory is used only by the caller that has set `in_use`.
unsafe impl Sync for Emergency {}

impl Emergency {
    const fn new() -> Self {
        Self { memory: UnsafeCell::new([0; BYTES]), in_use: AtomicBool::new(false) }
    }
}

/// Whether `sp` lies on one of the stacks: then the runtime itself has provoked what is called.
pub(crate) fn contains(sp: usize) -> bool {
    let low = EMERGENCY.as_ptr().addr();
    (low..low + size_of_val(&EMERGENCY)).contains(&sp)
}

/// Waits for a free one: a decision is short. Not for ever: in the child of a fork the others that
/// used them are gone.
fn acquire() -> Option<&'static Emergency> {
    if !memory::STATIC_MAY_BE_STACK {
        return None;
    }
    for attempt in 1..=10_000 * EMERGENCY.len() {
        let emergency = &EMERGENCY[attempt % EMERGENCY.len()];
        if !emergency.in_use.swap(true, Acquire) {
            return Some(emergency);
        }
        if attempt.is_multiple_of(EMERGENCY.len()) {
            std::thread::yield_now();
        }
    }
    None
}

/// Calls `function` on an emergency stack, or where SP is when there is none.
///
/// # Safety
/// `function` can be called with `argument`, and does not unwind.
pub(crate) unsafe fn call(argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8)) {
    let Some(emergency) = acquire() else {
        // SAFETY: the caller's promise.
        return unsafe { function(argument) };
    };
    let memory = emergency.memory.get();
    // For this call alone, so that nothing is left of a library that is closed.
    let valgrind = valgrind::Id::none();
    valgrind.register(memory.addr(), memory.addr() + BYTES);
    let os_stack = Cell::new(OsStack::of_memory(memory.addr(), BYTES));
    // SAFETY: `os_stack` lives in this frame. The end of the memory is aligned to 64, and nobody
    // else uses it until the flag is cleared; the rest is the caller's promise.
    unsafe {
        let record = SwitchRecord::to(&raw const os_stack);
        switch::call_returning(argument, function, memory.add(1).cast(), &record);
    }
    valgrind.deregister();
    emergency.in_use.store(false, Release);
}
