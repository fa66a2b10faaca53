//! A Ruby extension: methods that compute, collect garbage, yield and raise.

use std::ffi::{c_char, c_int, c_long};

use modes::callback;
use support::{assert_stack_of_mode, spend};

type Value = usize;

unsafe extern "C" {
    static rb_eRuntimeError: Value;
    fn rb_define_module(name: *const c_char) -> Value;
    fn rb_define_module_function(
        module: Value,
        name: *const c_char,
        f: unsafe extern "C" fn(Value, Value) -> Value,
        arguments: c_int,
    );
    fn rb_int2inum(n: isize) -> Value;
    fn rb_num2long(n: Value) -> c_long;
    fn rb_str_new(text: *const c_char, bytes: c_long) -> Value;
    fn rb_str_to_inum(text: Value, base: c_int, checked: c_int) -> Value;
    fn rb_gc_start() -> Value;
    fn rb_yield(value: Value) -> Value;
    fn rb_exc_new_cstr(class: Value, text: *const c_char) -> Value;
    fn rb_exc_raise(exception: Value) -> !;
}

/// A string that only the caller knows of. `never` inlined: no copy of it stays in a register of
/// the caller's.
#[inline(never)]
fn string(n: c_long) -> Value {
    let text = format!("{n:020}");
    // SAFETY: called by a method, so with the interpreter's lock; the text has that many bytes.
    unsafe { rb_str_new(text.as_ptr().cast(), text.len() as c_long) }
}

#[inline(never)]
fn number(text: Value) -> c_long {
    // SAFETY: a string of ours.
    unsafe { rb_num2long(rb_str_to_inum(text, 10, 0)) }
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C" fn work(_module: Value, n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Ruby passes an Integer.
    unsafe { rb_int2inum(spend::<40_000>(rb_num2long(n)) as isize) }
}

/// Holds 200 strings only in a local, collects garbage, makes as many others, and sums the first
/// ones.
#[callback]
unsafe extern "C" fn collect(_module: Value, n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Ruby passes an Integer.
    unsafe {
        let first = rb_num2long(n);
        let mut held = [0; 200];
        for (i, slot) in held.iter_mut().enumerate() {
            *slot = string(first + i as c_long);
        }
        let held = std::hint::black_box(&held);
        rb_gc_start();
        for i in 0..2_000 {
            string(-i);
        }
        rb_int2inum(held.iter().map(|&text| number(text)).sum::<c_long>() as isize)
    }
}

/// Yields n numbers; holds a string across each yield, only in a local.
#[callback]
unsafe extern "C" fn each(_module: Value, n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Ruby passes an Integer, and a block.
    unsafe {
        let mut sum = 0;
        for i in 0..rb_num2long(n) {
            let held = string(i);
            let held = std::hint::black_box(&held);
            rb_yield(rb_int2inum(i as isize));
            sum += number(*held);
        }
        rb_int2inum(sum as isize)
    }
}

/// Raises, so jumps over this body.
#[callback]
unsafe extern "C" fn fail(_module: Value, _n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: no local here has a destructor.
    unsafe { rb_exc_raise(rb_exc_new_cstr(rb_eRuntimeError, c"on purpose".as_ptr())) }
}

/// Passes what the block returns.
#[callback]
unsafe extern "C" fn pass(_module: Value, n: Value) -> Value {
    assert_stack_of_mode();
    // SAFETY: Ruby passes a value, and a block.
    unsafe { rb_yield(n) }
}

/// Uses 600 KiB of stack: more than a fiber has.
#[callback(reserve = "1 MiB")]
unsafe extern "C" fn large(_module: Value, n: Value) -> Value {
    // SAFETY: Ruby passes an Integer.
    unsafe { rb_int2inum(spend::<600_000>(rb_num2long(n)) as isize) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn Init_ruby_host() {
    // SAFETY: Ruby calls this once with its lock; names end with NUL, each function takes self and
    // one argument.
    unsafe {
        let module = rb_define_module(c"Host".as_ptr());
        rb_define_module_function(module, c"work".as_ptr(), work, 1);
        rb_define_module_function(module, c"collect".as_ptr(), collect, 1);
        rb_define_module_function(module, c"each".as_ptr(), each, 1);
        rb_define_module_function(module, c"fail".as_ptr(), fail, 1);
        rb_define_module_function(module, c"pass".as_ptr(), pass, 1);
        rb_define_module_function(module, c"large".as_ptr(), large, 1);
    }
}
