//! Procedures for Guile, whose collector scans the stacks of its threads.

use std::ffi::{c_char, c_int, c_void};

use modes::callback;
use support::{assert_stack_of_mode, spend};

type Value = *mut c_void;

unsafe extern "C" {
    fn scm_c_define_gsubr(
        name: *const c_char,
        needed: c_int,
        optional: c_int,
        rest: c_int,
        f: unsafe extern "C" fn(Value) -> Value,
    ) -> Value;
    fn scm_to_int64(n: Value) -> i64;
    fn scm_from_int64(n: i64) -> Value;
    fn scm_number_to_string(n: Value, base: Value) -> Value;
    fn scm_string_to_number(text: Value, base: Value) -> Value;
    fn scm_gc() -> Value;
    fn scm_call_0(f: Value) -> Value;
    fn scm_misc_error(who: *const c_char, text: *const c_char, arguments: Value) -> !;
}

/// The empty list of Guile 2.2 and 3.
const EMPTY: Value = 0x304 as Value;

#[inline(never)]
fn string(n: i64) -> Value {
    // SAFETY: called by a procedure, so on a thread in Guile mode.
    unsafe { scm_number_to_string(scm_from_int64(1_000_000_000_000 + n), scm_from_int64(10)) }
}

#[inline(never)]
fn number(text: Value) -> i64 {
    // SAFETY: a string of ours.
    unsafe { scm_to_int64(scm_string_to_number(text, scm_from_int64(10))) }
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C" fn work(n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Guile passes a number.
    unsafe { scm_from_int64(spend::<40_000>(scm_to_int64(n)) % 1000) }
}

/// Uses 1.5 MB of stack.
#[callback(reserve = "2 MiB")]
unsafe extern "C" fn large(n: Value) -> Value {
    // SAFETY: Guile passes a number.
    unsafe { scm_from_int64(spend::<1_500_000>(scm_to_int64(n)) % 1000) }
}

/// Holds 200 strings only in a local, collects garbage, makes as many others, and sums the first
/// ones.
#[callback]
unsafe extern "C" fn collect(n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Guile passes a number.
    unsafe {
        let first = scm_to_int64(n);
        let mut held = [std::ptr::null_mut(); 200];
        for (i, slot) in held.iter_mut().enumerate() {
            *slot = string(first + i as i64);
        }
        let held = std::hint::black_box(&held);
        scm_gc();
        for i in 0..20_000 {
            string(-i);
        }
        scm_from_int64(held.iter().map(|&text| number(text)).sum())
    }
}

/// Calls a procedure.
#[callback]
unsafe extern "C" fn call(f: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Guile passes a procedure; no local has a destructor.
    unsafe { scm_call_0(f) }
}

/// Raises an error.
#[callback]
unsafe extern "C" fn fail(_n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: no local has a destructor.
    unsafe { scm_misc_error(c"host-fail".as_ptr(), c"on purpose".as_ptr(), EMPTY) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn init_guile_host() {
    // SAFETY: names end with NUL; each procedure takes one argument.
    unsafe {
        scm_c_define_gsubr(c"host-work".as_ptr(), 1, 0, 0, work);
        scm_c_define_gsubr(c"host-large".as_ptr(), 1, 0, 0, large);
        scm_c_define_gsubr(c"host-collect".as_ptr(), 1, 0, 0, collect);
        scm_c_define_gsubr(c"host-call".as_ptr(), 1, 0, 0, call);
        scm_c_define_gsubr(c"host-fail".as_ptr(), 1, 0, 0, fail);
    }
}
