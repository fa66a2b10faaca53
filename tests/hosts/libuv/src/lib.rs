//! Callbacks of a C program with libuv: timers, work on the pool, threads.

use std::ffi::c_int;

use modes::callback;
use support::{assert_stack_of_mode, spend};

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_work(n: c_int) -> c_int {
    assert_stack_of_mode();
    (spend::<40_000>(i64::from(n)) % 1000) as c_int
}

/// Uses 200 KiB of stack.
#[callback(reserve = "256 KiB")]
#[unsafe(no_mangle)]
extern "C" fn host_large(n: c_int) -> c_int {
    (spend::<200_000>(i64::from(n)) % 1000) as c_int
}
