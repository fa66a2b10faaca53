//! Native methods of the class `Host`: down from Java, up into Java, both in turn, exceptions, and
//! threads of C's.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use modes::callback;
use support::{assert_stack_of_mode, on_c_thread, on_host_stack, spend};

/// An environment: a pointer to a table of functions. Only a few are used, so they are named by
/// their index.
type Env = *mut *const *const c_void;
type Object = *mut c_void;

const FIND_CLASS: usize = 6;
const THROW_NEW: usize = 14;
const GET_STATIC_METHOD_ID: usize = 113;
const CALL_STATIC_LONG_METHOD_A: usize = 134;
const GET_JAVA_VM: usize = 219;
const EXCEPTION_CHECK: usize = 228;
const ATTACH_CURRENT_THREAD: usize = 4;
const DETACH_CURRENT_THREAD: usize = 5;

/// The function of the table as an `extern "system"` function of the given type.
macro_rules! function {
    ($table:expr, $index:expr, ($($argument:ty),*) -> $result:ty) => {{
        let table: Env = $table;
        type F = unsafe extern "system" fn(Env, $($argument),*) -> $result;
        // SAFETY: the index stands for a function of this type in jni.h.
        std::mem::transmute::<*const c_void, F>(*(*table).add($index))
    }};
}

/// Calls `static long Host.NAME(long)`.
unsafe fn call_java(env: Env, name: *const c_char, n: i64) -> i64 {
    // SAFETY: the environment is this thread's; names end with NUL; the method takes one long.
    unsafe {
        let class = function!(env, FIND_CLASS, (*const c_char) -> Object)(env, c"Host".as_ptr());
        let find = function!(
            env,
            GET_STATIC_METHOD_ID,
            (Object, *const c_char, *const c_char) -> Object
        );
        let method = find(env, class, name, c"(J)J".as_ptr());
        function!(env, CALL_STATIC_LONG_METHOD_A, (Object, Object, *const i64) -> i64)(
            env, class, method, &n,
        )
    }
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "system" fn Java_Host_work(_env: Env, _class: Object, n: i64) -> i64 {
    assert_stack_of_mode();
    spend::<40_000>(n)
}

/// Uses 600 KiB of stack.
#[callback(reserve = "1 MiB")]
#[unsafe(no_mangle)]
extern "system" fn Java_Host_large(_env: Env, _class: Object, n: i64) -> i64 {
    spend::<600_000>(n)
}

/// Calls `Host.square` n times, from the stack that the JVM knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_up(env: Env, _class: Object, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the environment of this thread.
    (0..n).map(|i| on_host_stack(|| unsafe { call_java(env, c"square".as_ptr(), i) })).sum()
}

/// The same by somebody who does not know that the JVM checks its stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_upUnaware(env: Env, _class: Object, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the environment of this thread.
    (0..n).map(|i| unsafe { call_java(env, c"square".as_ptr(), i) }).sum()
}

/// Calls `Host.mutual(n)`, which calls this with n - 1: from the stack that the JVM knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_down(env: Env, _class: Object, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the environment of this thread.
    on_host_stack(|| unsafe { call_java(env, c"mutual".as_ptr(), n) })
}

/// Throws an exception.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_fail(env: Env, _class: Object, _n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the environment of this thread; texts end with NUL.
    on_host_stack(|| unsafe {
        let name = c"java/lang/IllegalStateException".as_ptr();
        let class = function!(env, FIND_CLASS, (*const c_char) -> Object)(env, name);
        function!(env, THROW_NEW, (Object, *const c_char) -> c_int)(
            env,
            class,
            c"on purpose".as_ptr(),
        );
    });
    0
}

/// Calls `Host.throwing` and says whether an exception is under way.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_through(env: Env, _class: Object, n: i64) -> i64 {
    assert_stack_of_mode();
    // SAFETY: the environment of this thread.
    on_host_stack(|| unsafe {
        call_java(env, c"throwing".as_ptr(), n);
        i64::from(function!(env, EXCEPTION_CHECK, () -> u8)(env))
    })
}

/// A thread of C's: attaches itself, calls Java, detaches itself.
#[callback]
unsafe extern "C" fn attached(vm: *mut c_void) -> *mut c_void {
    let vm: Env = vm.cast();
    // SAFETY: the virtual machine, which outlives this thread.
    unsafe {
        let mut env: Env = null_mut();
        on_host_stack(|| {
            function!(vm, ATTACH_CURRENT_THREAD, (*mut Env, *const c_void) -> c_int)(
                vm,
                &mut env,
                null(),
            );
            let sum = call_java(env, c"square".as_ptr(), 12);
            function!(vm, DETACH_CURRENT_THREAD, () -> c_int)(vm);
            sum as *mut c_void
        })
    }
}

/// Runs such a thread of 512 KiB.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_Host_attach(env: Env, _class: Object, _n: i64) -> i64 {
    // SAFETY: the environment of this thread; the virtual machine outlives the other one.
    unsafe {
        let mut vm: *mut c_void = null_mut();
        function!(env, GET_JAVA_VM, (*mut *mut c_void) -> c_int)(env, &mut vm);
        on_c_thread(512 * 1024, attached, vm) as i64
    }
}
