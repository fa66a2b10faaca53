//! Callbacks of a C program with the collector of Boehm, Demers and Weiser, which scans the stacks
//! of its threads.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack};

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

/// Calls a function of the host, from the stack that the collector knows. Has uses of its own for
/// the registers that it must save.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_visit(f: unsafe extern "C" fn()) -> c_int {
    assert_stack_of_mode();
    static NUMBERS: [AtomicI32; 6] = [const { AtomicI32::new(1) }; 6];
    let [a, b, c, d, e, g] = NUMBERS.each_ref().map(|number| number.load(Relaxed));
    // SAFETY: a function of the host's.
    on_host_stack(|| unsafe { f() });
    a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * g
}
