//! Functions for hosts that call C by a foreign function interface: Mono, SBCL.

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

type Callback = unsafe extern "C" fn(i64) -> i64;

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_work(n: i64) -> i64 {
    assert_stack_of_mode();
    spend::<40_000>(n) % 1000
}

/// Uses 200 KiB of stack.
#[callback(reserve = "256 KiB")]
#[unsafe(no_mangle)]
extern "C" fn host_large(n: i64) -> i64 {
    spend::<200_000>(n) % 1000
}

/// Calls the host's function, from the stack that the host knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call(f: Callback, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the host's function, and an argument of it.
    on_host_stack(|| unsafe { f(n) })
}

/// The same by somebody who does not know that the host looks at its stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call_unaware(f: Callback, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the host's function, and an argument of it.
    unsafe { f(n) }
}
