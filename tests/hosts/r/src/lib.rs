//! Functions for R's `.Call`: down, back into R, and errors, which jump over bodies.

use std::ffi::{c_char, c_int, c_void};

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

type Value = *mut c_void;

unsafe extern "C" {
    static R_GlobalEnv: Value;
    fn Rf_asInteger(x: Value) -> c_int;
    fn Rf_ScalarInteger(n: c_int) -> Value;
    fn Rf_lang1(f: Value) -> Value;
    fn Rf_eval(call: Value, environment: Value) -> Value;
    fn Rf_protect(x: Value) -> Value;
    fn Rf_unprotect(count: c_int);
    fn Rf_error(format: *const c_char, ...) -> !;
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_work(n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: R passes a number.
    unsafe { Rf_ScalarInteger((spend::<40_000>(i64::from(Rf_asInteger(n))) % 1000) as c_int) }
}

/// Calls a function, from the stack that R knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call(f: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: R passes a function; an error jumps over frames without destructors.
    on_host_stack(|| unsafe {
        let result = Rf_eval(Rf_protect(Rf_lang1(f)), R_GlobalEnv);
        Rf_unprotect(1);
        result
    })
}

/// The same by somebody who does not know that R checks its stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call_unaware(f: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: as in `host_call`.
    unsafe {
        let result = Rf_eval(Rf_protect(Rf_lang1(f)), R_GlobalEnv);
        Rf_unprotect(1);
        result
    }
}

/// Raises an error.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_fail(_n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: a format without arguments; no local has a destructor.
    unsafe { Rf_error(c"on purpose".as_ptr()) }
}
