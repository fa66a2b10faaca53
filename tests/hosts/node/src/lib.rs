//! A Node add-on by Node-API: functions that compute, call back into JavaScript, throw, and work on
//! libuv's pool.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

type Env = *mut c_void;
type Value = *mut c_void;
type Info = *mut c_void;
type Function = unsafe extern "C" fn(Env, Info) -> Value;
type Execute = unsafe extern "C" fn(Env, *mut c_void);
type Complete = unsafe extern "C" fn(Env, c_int, *mut c_void);

unsafe extern "C" {
    fn napi_create_function(
        env: Env,
        name: *const c_char,
        bytes: usize,
        f: Function,
        data: *mut c_void,
        to: *mut Value,
    ) -> c_int;
    fn napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value)
    -> c_int;
    fn napi_get_cb_info(
        env: Env,
        info: Info,
        count: *mut usize,
        to: *mut Value,
        this: *mut Value,
        data: *mut *mut c_void,
    ) -> c_int;
    fn napi_get_value_int64(env: Env, value: Value, to: *mut i64) -> c_int;
    fn napi_create_int64(env: Env, n: i64, to: *mut Value) -> c_int;
    fn napi_get_undefined(env: Env, to: *mut Value) -> c_int;
    fn napi_call_function(
        env: Env,
        this: Value,
        f: Value,
        count: usize,
        arguments: *const Value,
        to: *mut Value,
    ) -> c_int;
    fn napi_throw_error(env: Env, code: *const c_char, text: *const c_char) -> c_int;
    fn napi_create_string_utf8(
        env: Env,
        text: *const c_char,
        bytes: usize,
        to: *mut Value,
    ) -> c_int;
    fn napi_create_promise(env: Env, deferred: *mut *mut c_void, to: *mut Value) -> c_int;
    fn napi_resolve_deferred(env: Env, deferred: *mut c_void, value: Value) -> c_int;
    fn napi_create_async_work(
        env: Env,
        resource: Value,
        name: Value,
        execute: Execute,
        complete: Complete,
        data: *mut c_void,
        to: *mut *mut c_void,
    ) -> c_int;
    fn napi_queue_async_work(env: Env, work: *mut c_void) -> c_int;
    fn napi_delete_async_work(env: Env, work: *mut c_void) -> c_int;
}

/// The first argument of a call.
unsafe fn argument(env: Env, info: Info) -> Value {
    let (mut count, mut value) = (1, null_mut());
    // SAFETY: room for one argument.
    unsafe { napi_get_cb_info(env, info, &mut count, &mut value, null_mut(), null_mut()) };
    value
}

unsafe fn number(env: Env, n: i64) -> Value {
    let mut value = null_mut();
    // SAFETY: the environment of this call.
    unsafe { napi_create_int64(env, n, &mut value) };
    value
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C" fn work(env: Env, info: Info) -> Value {
    assert_stack_of_mode();
    let mut n = 0;
    // SAFETY: Node calls with its environment.
    unsafe {
        napi_get_value_int64(env, argument(env, info), &mut n);
        number(env, spend::<40_000>(n) % 1000)
    }
}

/// Uses 3 MB of stack.
#[callback(reserve = "4 MiB")]
unsafe extern "C" fn large(env: Env, info: Info) -> Value {
    let mut n = 0;
    // SAFETY: Node calls with its environment.
    unsafe {
        napi_get_value_int64(env, argument(env, info), &mut n);
        number(env, spend::<3_000_000>(n) % 1000)
    }
}

/// Calls its argument, from the stack that V8 knows.
#[callback]
unsafe extern "C" fn call(env: Env, info: Info) -> Value {
    assert_stack_of_mode();
    // SAFETY: Node calls with its environment; the handles are used within this call.
    unsafe {
        let f = argument(env, info);
        on_host_stack(|| {
            let (mut this, mut result) = (null_mut(), null_mut());
            napi_get_undefined(env, &mut this);
            napi_call_function(env, this, f, 0, null(), &mut result);
            result
        })
    }
}

/// Throws an Error.
#[callback]
unsafe extern "C" fn fail(env: Env, _info: Info) -> Value {
    assert_stack_of_mode();
    // SAFETY: Node calls with its environment.
    unsafe { napi_throw_error(env, null(), c"on purpose".as_ptr()) };
    null_mut()
}

struct Work {
    deferred: *mut c_void,
    work: *mut c_void,
    n: i64,
}

#[callback]
unsafe extern "C" fn execute(_env: Env, data: *mut c_void) {
    assert_stack_of_mode();
    // SAFETY: the data of `later`, which nobody else uses now.
    let work = unsafe { &mut *data.cast::<Work>() };
    work.n = spend::<40_000>(work.n) % 1000;
}

#[callback]
unsafe extern "C" fn complete(env: Env, _status: c_int, data: *mut c_void) {
    assert_stack_of_mode();
    // SAFETY: the data of `later`, for the last time.
    unsafe {
        let work = Box::from_raw(data.cast::<Work>());
        napi_resolve_deferred(env, work.deferred, number(env, work.n));
        napi_delete_async_work(env, work.work);
    }
}

/// A promise of what `work` returns, worked out on libuv's pool.
#[callback]
unsafe extern "C" fn later(env: Env, info: Info) -> Value {
    let (mut promise, mut name) = (null_mut(), null_mut());
    let mut work = Box::new(Work { deferred: null_mut(), work: null_mut(), n: 0 });
    // SAFETY: Node calls with its environment; the data lives until `complete`.
    unsafe {
        napi_get_value_int64(env, argument(env, info), &mut work.n);
        napi_create_promise(env, &mut work.deferred, &mut promise);
        napi_create_string_utf8(env, c"later".as_ptr(), 5, &mut name);
        let data = Box::into_raw(work);
        napi_create_async_work(
            env,
            null_mut(),
            name,
            execute,
            complete,
            data.cast(),
            &mut (*data).work,
        );
        napi_queue_async_work(env, (*data).work);
    }
    promise
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn napi_register_module_v1(env: Env, exports: Value) -> Value {
    let functions = [
        (c"work", work as Function),
        (c"large", large),
        (c"call", call),
        (c"fail", fail),
        (c"later", later),
    ];
    for (name, f) in functions {
        let mut value = null_mut();
        // SAFETY: Node calls with its environment; names end with NUL.
        unsafe {
            napi_create_function(env, name.as_ptr(), name.count_bytes(), f, null_mut(), &mut value);
            napi_set_named_property(env, exports, name.as_ptr(), value);
        }
    }
    exports
}
