//! Callbacks of a C program with the collector of Boehm, Demers and Weiser, which scans the stacks
//! of its threads.

use std::ffi::{c_int, c_void};

use modes::callback;
use support::assert_stack_of_mode;

unsafe extern "C" {
    fn GC_malloc(bytes: usize) -> *mut c_void;
    fn GC_gcollect();
}

#[inline(never)]
fn object(n: i64) -> *mut i64 {
    // SAFETY: called on a thread that the collector knows; it gives 64 bytes.
    unsafe {
        let object = GC_malloc(64).cast::<i64>();
        *object = n;
        object
    }
}

/// Holds 100 objects only in a local, collects garbage, makes others, and sums the first ones. Uses
/// 4 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_collect(n: c_int) -> c_int {
    assert_stack_of_mode();
    let mut held = [std::ptr::null_mut(); 100];
    for (i, slot) in held.iter_mut().enumerate() {
        *slot = object(i64::from(n) + i as i64);
    }
    let held = std::hint::black_box(&held);
    // SAFETY: called on a thread that the collector knows.
    unsafe { GC_gcollect() };
    for i in 0..10_000 {
        object(-i);
    }
    // SAFETY: the objects are reachable from this frame.
    held.iter().map(|&object| unsafe { *object }).sum::<i64>() as c_int
}
