//! NIFs of the Erlang module `host`, on normal and dirty schedulers.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr::null_mut;

use modes::callback;
use support::{assert_stack_of_mode, spend};

type Env = *mut c_void;
type Term = usize;
type Nif = unsafe extern "C" fn(Env, c_int, *const Term) -> Term;

#[repr(C)]
struct Function {
    name: *const c_char,
    arity: c_uint,
    nif: Nif,
    flags: c_uint,
}
const DIRTY_CPU: c_uint = 1;
const DIRTY_IO: c_uint = 2;

#[repr(C)]
struct Entry {
    major: c_int,
    minor: c_int,
    name: *const c_char,
    count: c_int,
    functions: *mut Function,
    load: Option<unsafe extern "C" fn(Env, *mut *mut c_void, Term) -> c_int>,
    reload: *mut c_void,
    upgrade: *mut c_void,
    unload: *mut c_void,
    variant: *const c_char,
    options: c_uint,
    size_of_resource_type: usize,
    least_erts: *const c_char,
}

unsafe extern "C" {
    fn enif_get_long(env: Env, term: Term, to: *mut i64) -> c_int;
    fn enif_make_long(env: Env, n: i64) -> Term;
    fn enif_make_badarg(env: Env) -> Term;
    fn enif_self(env: Env, to: *mut Term) -> *mut Term;
    fn enif_send(env: Env, to: *const Term, message_env: Env, message: Term) -> c_int;
}

unsafe fn compute(env: Env, arguments: *const Term, f: fn(i64) -> i64) -> Term {
    let mut n = 0;
    // SAFETY: Erlang passes one argument.
    unsafe {
        if enif_get_long(env, *arguments, &mut n) == 0 {
            return enif_make_badarg(env);
        }
        enif_make_long(env, f(n) % 1000)
    }
}

/// Uses 40 KiB of stack; anything but an integer is a badarg.
#[callback]
unsafe extern "C" fn work(env: Env, _count: c_int, arguments: *const Term) -> Term {
    assert_stack_of_mode();
    // SAFETY: passed on.
    unsafe { compute(env, arguments, spend::<40_000>) }
}

/// Uses 400 KiB of stack.
#[callback(reserve = "512 KiB")]
unsafe extern "C" fn large(env: Env, _count: c_int, arguments: *const Term) -> Term {
    // SAFETY: passed on.
    unsafe { compute(env, arguments, spend::<400_000>) }
}

/// Sends its argument to the process that calls.
#[callback]
unsafe extern "C" fn echo(env: Env, _count: c_int, arguments: *const Term) -> Term {
    assert_stack_of_mode();
    let mut pid = 0;
    // SAFETY: Erlang passes one argument.
    unsafe {
        enif_send(env, enif_self(env, &mut pid), null_mut(), *arguments);
        *arguments
    }
}

#[callback]
unsafe extern "C" fn load(_env: Env, _data: *mut *mut c_void, _info: Term) -> c_int {
    assert_stack_of_mode();
    0
}

#[callback]
#[unsafe(no_mangle)]
extern "C" fn nif_init() -> *mut Entry {
    let function = |name: *const c_char, nif, flags| Function { name, arity: 1, nif, flags };
    let functions = Box::leak(Box::new([
        function(c"work".as_ptr(), work as Nif, 0),
        function(c"work_cpu".as_ptr(), work, DIRTY_CPU),
        function(c"work_io".as_ptr(), work, DIRTY_IO),
        function(c"large".as_ptr(), large, 0),
        function(c"large_cpu".as_ptr(), large, DIRTY_CPU),
        function(c"large_io".as_ptr(), large, DIRTY_IO),
        function(c"echo".as_ptr(), echo, 0),
    ]));
    Box::leak(Box::new(Entry {
        major: 2,
        minor: 15,
        name: c"host".as_ptr(),
        count: functions.len() as c_int,
        functions: functions.as_mut_ptr(),
        load: Some(load),
        reload: null_mut(),
        upgrade: null_mut(),
        unload: null_mut(),
        variant: c"beam.vanilla".as_ptr(),
        options: 1,
        size_of_resource_type: 5 * size_of::<usize>(),
        least_erts: c"erts-11.0".as_ptr(),
    }))
}
