//! Callbacks of a C program with GLib: sources, timers, threads, tables.

use std::ffi::{c_int, c_void};

use modes::callback;
use support::{assert_stack_of_mode, spend};

/// A GSourceFunc. Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_tick(counter: *mut c_void) -> c_int {
    assert_stack_of_mode();
    spend::<40_000>(1);
    // SAFETY: the counter of main.c.
    let counter = unsafe { &mut *counter.cast::<c_int>() };
    *counter -= 1;
    c_int::from(*counter > 0)
}

/// A GCompareFunc.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_compare(a: *const c_void, b: *const c_void) -> c_int {
    assert_stack_of_mode();
    (a as isize - b as isize) as c_int
}

/// A GThreadFunc. Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_thread(n: *mut c_void) -> *mut c_void {
    assert_stack_of_mode();
    (spend::<40_000>(n as i64) % 1000) as *mut c_void
}
