//! External functions for OCaml: down, up, and exceptions, which cut the stack.

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

type Value = isize;

unsafe extern "C" {
    fn caml_callback(f: Value, argument: Value) -> Value;
    fn caml_failwith(text: *const std::ffi::c_char) -> !;
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_work(n: Value) -> Value {
    assert_stack_of_mode();
    ((spend::<40_000>((n >> 1) as i64) % 1000) << 1 | 1) as Value
}

/// Calls a closure with 1, from the stack whose end OCaml knows; an exception cuts the stack over
/// this body.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call(f: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: OCaml passes a closure; it is not used after the call.
    on_host_stack(|| unsafe { caml_callback(f, 3) })
}

/// Raises Failure.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_fail(_n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: the text ends with NUL; no local has a destructor.
    unsafe { caml_failwith(c"on purpose".as_ptr()) }
}
