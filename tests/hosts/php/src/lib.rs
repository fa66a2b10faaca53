//! A PHP extension: functions that compute, and call closures, also ones that suspend the fiber
//! they run on.

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ushort, c_void};
use std::ptr::{null, null_mut};

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

#[repr(C)]
#[derive(Clone, Copy)]
struct Value {
    number: i64,
    kind: u32,
    extra: u32,
}
const UNDEFINED: Value = Value { number: 0, kind: 0, extra: 0 };
const LONG: u32 = 4;

type Handler = unsafe extern "C" fn(*mut Value, *mut Value);

#[repr(C)]
struct Argument {
    name: *const c_char,
    kind: *const c_void,
    mask: u32,
    default: *const c_char,
}
#[repr(C)]
struct Function {
    name: *const c_char,
    handler: Option<Handler>,
    arguments: *const Argument,
    count: u32,
    flags: u32,
}
#[repr(C)]
struct Module {
    bytes: c_ushort,
    api: c_uint,
    debug: c_uchar,
    threads: c_uchar,
    ini: *const c_void,
    needs: *const c_void,
    name: *const c_char,
    functions: *const Function,
    hooks: [*const c_void; 5],
    version: *const c_char,
    globals: usize,
    more_hooks: [*const c_void; 4],
    started: c_int,
    kind: c_uchar,
    handle: *mut c_void,
    number: c_int,
    build: *const c_char,
}

unsafe extern "C" {
    fn _call_user_function_impl(
        object: *mut Value,
        function: *mut Value,
        result: *mut Value,
        count: u32,
        arguments: *mut Value,
        named: *mut c_void,
    ) -> c_int;
    fn zend_throw_error(class: *mut c_void, text: *const c_char, ...);
}

/// The first argument of a call: behind the five words of two that a call's record takes.
unsafe fn argument(call: *mut Value) -> *mut Value {
    // SAFETY: PHP checked the number of arguments.
    unsafe { call.add(5) }
}

/// Calls a closure with an integer.
unsafe fn call_closure(closure: *mut Value, n: i64) -> Value {
    let (mut result, mut argument) = (UNDEFINED, Value { number: n, kind: LONG, extra: 0 });
    // SAFETY: a callable value of PHP's and one argument.
    unsafe {
        _call_user_function_impl(null_mut(), closure, &mut result, 1, &mut argument, null_mut())
    };
    result
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C" fn work(call: *mut Value, result: *mut Value) {
    assert_stack_of_mode();
    // SAFETY: PHP passes an int, and room for the result.
    unsafe {
        *result =
            Value { number: spend::<40_000>((*argument(call)).number) % 1000, kind: LONG, extra: 0 }
    };
}

/// Uses 4 MB of stack: more than a fiber has by default, 2 MiB.
#[callback(reserve = "5 MiB")]
unsafe extern "C" fn large(call: *mut Value, result: *mut Value) {
    // SAFETY: as in `work`.
    unsafe {
        *result = Value {
            number: spend::<4_000_000>((*argument(call)).number) % 1000,
            kind: LONG,
            extra: 0,
        }
    };
}

/// Calls a closure with 0, 1, .. 4 and adds up.
#[callback]
unsafe extern "C" fn each(call: *mut Value, result: *mut Value) {
    assert_stack_of_mode();
    let mut sum = 0;
    for i in 0..5 {
        let canary = std::hint::black_box([i as u8; 200]);
        // SAFETY: PHP passes a closure.
        let answer = unsafe { call_closure(argument(call), i) };
        if answer.kind != LONG {
            return; // An exception is under way.
        }
        assert!(
            std::hint::black_box(&canary).iter().all(|&byte| byte == i as u8),
            "the frame was written over"
        );
        sum += answer.number;
    }
    // SAFETY: room for the result.
    unsafe { *result = Value { number: sum, kind: LONG, extra: 0 } };
}

/// Calls a closure once, from the stack that PHP knows.
#[callback]
unsafe extern "C" fn once(call: *mut Value, result: *mut Value) {
    assert_stack_of_mode();
    // SAFETY: PHP passes a closure, and room for the result.
    unsafe { *result = on_host_stack(|| call_closure(argument(call), 0)) };
}

/// Throws an Error.
#[callback]
unsafe extern "C" fn fail(_call: *mut Value, _result: *mut Value) {
    assert_stack_of_mode();
    // SAFETY: a format without arguments.
    unsafe { zend_throw_error(null_mut(), c"on purpose".as_ptr()) };
}

#[callback]
#[unsafe(no_mangle)]
extern "C" fn get_module() -> *const Module {
    let arguments = Box::leak(Box::new([
        // How many are needed, then each of them.
        Argument { name: std::ptr::without_provenance(1), kind: null(), mask: 0, default: null() },
        Argument { name: c"x".as_ptr(), kind: null(), mask: 0, default: null() },
    ]));
    let arguments = arguments.as_ptr();
    let function =
        |name: *const c_char, f| Function { name, handler: Some(f), arguments, count: 1, flags: 0 };
    let functions = Box::leak(Box::new([
        function(c"host_work".as_ptr(), work as Handler),
        function(c"host_large".as_ptr(), large),
        function(c"host_each".as_ptr(), each),
        function(c"host_once".as_ptr(), once),
        function(c"host_fail".as_ptr(), fail),
        Function { name: null(), handler: None, arguments: null(), count: 0, flags: 0 },
    ]));
    Box::leak(Box::new(Module {
        bytes: size_of::<Module>() as c_ushort,
        api: env!("PHP_API").parse().expect("a number"),
        debug: 0,
        threads: 0,
        ini: null(),
        needs: null(),
        name: c"php_host".as_ptr(),
        functions: functions.as_ptr(),
        hooks: [null(); 5],
        version: c"1".as_ptr(),
        globals: 0,
        more_hooks: [null(); 4],
        started: 0,
        kind: 0,
        handle: null_mut(),
        number: 0,
        build: concat!("API", env!("PHP_API"), ",NTS\0").as_ptr().cast(),
    }))
}
