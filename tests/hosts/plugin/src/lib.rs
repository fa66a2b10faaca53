//! A plugin that a C program opens, calls, closes and opens again.

use std::cell::Cell;
use std::ffi::c_int;

use modes::callback;
use support::{assert_stack_of_mode, spend};

thread_local! {
    /// 1.5 KiB of thread-locals, as a plugin with a few crates has.
    static CALLS: Cell<[u64; 192]> = const { Cell::new([0; 192]) };
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn plugin_work(n: c_int) -> c_int {
    assert_stack_of_mode();
    let mut calls = CALLS.get();
    calls[n as usize % 192] += 1;
    CALLS.set(calls);
    (spend::<40_000>(i64::from(n)) % 1000) as c_int
}

/// Uses 200 KiB of stack.
#[callback(reserve = "256 KiB")]
#[unsafe(no_mangle)]
extern "C" fn plugin_large(n: c_int) -> c_int {
    (spend::<200_000>(i64::from(n)) % 1000) as c_int
}
