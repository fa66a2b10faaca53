//! The C callers of tests/c. All of them are "C-unwind", as panics and exceptions may cross them.

use core::ffi::{c_int, c_long, c_void};

use crate::CCallback;

/// A coroutine of coroutine.c.
#[repr(C)]
#[derive(Debug)]
pub struct Coroutine {
    _opaque: [u8; 0],
}

#[allow(missing_docs, reason = "each is described at its definition in tests/c")]
unsafe extern "C-unwind" {
    // stacks.c
    pub fn c_call(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_with_frame(bytes: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_with_left(left: usize, low: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_painted(f: CCallback, arg: *mut c_void, used: *mut usize) -> c_int;
    pub fn c_call_on_thread(stack_bytes: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_on_threads(
        count: c_int,
        stack_bytes: usize,
        f: CCallback,
        arg: *mut c_void,
        expected: c_int,
    ) -> c_int;
    pub fn c_call_on_thread_in_frame(stack_bytes: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_on_thread_at(
        address: usize,
        stack_bytes: usize,
        f: CCallback,
        arg: *mut c_void,
    ) -> c_int;
    #[cfg(unix)]
    pub fn c_call_on_thread_with(
        base: *mut c_void,
        stack_bytes: usize,
        guard_bytes: usize,
        f: CCallback,
        arg: *mut c_void,
    ) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn c_told_bounds(low: *mut usize, high: *mut usize) -> c_int;
    pub fn c_call_with_big_value(f: CCallback) -> c_int;
    pub fn c_exit_thread() -> !;
    pub fn c_breakpoint();
    pub fn c_call_comparing_state(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_state_differs() -> c_int;
    // coroutine.c
    pub fn c_coroutine_new(
        stack: *mut c_void,
        bytes: usize,
        f: CCallback,
        arg: *mut c_void,
    ) -> *mut Coroutine;
    pub fn c_coroutine_resume(coroutine: *mut Coroutine) -> c_int;
    pub fn c_coroutine_suspend(coroutine: *mut Coroutine);
    pub fn c_coroutine_result(coroutine: *mut Coroutine) -> c_int;
    pub fn c_coroutine_free(coroutine: *mut Coroutine);
    // moved.c
    pub fn c_contexts_that_are_moved(moved: CCallback, own: CCallback, moves: c_long) -> c_int;
    // jump.c
    pub fn c_jump() -> !;
    pub fn c_call_jumped(depth: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_jump_fortified() -> !;
    pub fn c_call_jumped_fortified(depth: usize, f: CCallback, arg: *mut c_void) -> c_int;
    // ending.c, windows.c
    pub fn c_call_at_thread_end(
        stack_bytes: usize,
        first: c_int,
        last: c_int,
        f: CCallback,
        arg: *mut c_void,
    ) -> c_int;
    pub fn c_call_at_exit(f: CCallback);
    pub fn c_exit_from_nowhere(high: *mut c_void) -> !;
    pub fn c_wait_to_be_cancelled();
    pub fn c_spin_to_be_cancelled();
    pub fn c_call_cancelled(stack_bytes: usize, f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_with_cancellation_pending(
        stack_bytes: usize,
        f: CCallback,
        arg: *mut c_void,
    ) -> c_int;
    pub fn c_call_in_crowd(
        count: c_int,
        stack_bytes: usize,
        f: CCallback,
        arg: *mut c_void,
        meanwhile: CCallback,
    ) -> c_int;
    // frames.c
    pub fn c_walk_frame_pointers(outermost: usize) -> c_int;
    pub fn c_unwind_over(function: *mut c_void) -> c_int;
    // fault.c
    pub fn c_handle_faults(kind: c_int) -> c_int;
    #[cfg(unix)]
    pub fn c_pass_faults_on() -> c_int;
    pub fn c_forbid_handling(signal: c_int) -> c_int;
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    pub fn c_ask_about_mappings(f: CCallback) -> c_int;
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    pub fn c_answers_about_mappings() -> c_int;
    #[cfg(target_os = "linux")]
    pub fn c_forbid_call(number: c_int) -> c_int;
    pub fn c_allow_the_end_of_threads_only() -> c_int;
    pub fn c_slow_down_masks() -> c_int;
    pub fn c_masks_changed() -> c_int;
    pub fn c_alternate_stack(low: *mut usize) -> usize;
    pub fn c_set_alternate_stack(memory: *mut c_void, bytes: usize) -> c_int;
    pub fn c_write_to(address: usize);
    // registers.c
    pub fn c_call_with_registers(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_with_many(f: CCallback, arg: *mut c_void) -> c_int;
    // process.c
    pub fn c_vfork_and_exec() -> c_int;
    pub fn c_spawn() -> c_int;
    pub fn c_call_in_vfork(f: CCallback, arg: *mut c_void) -> c_int;
    // signal.c
    pub fn c_forbid_unsafe_calls(forbid: c_int);
    pub fn c_plan(f: CCallback, arg: *mut c_void);
    pub fn c_plan_calls() -> c_long;
    pub fn c_plan_wrong() -> c_long;
    pub fn c_in_handler() -> c_int;
    pub fn c_handle(signal: c_int, flags: c_int);
    pub fn c_handle_with_locals(signal: c_int, flags: c_int);
    pub fn c_handle_twice(signal: c_int, flags: c_int);
    pub fn c_handle_by_scribbling(signal: c_int, flags: c_int);
    pub fn c_handle_by_jumping(signal: c_int, flags: c_int);
    pub fn c_call_jumped_by_handler(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_smallest_signal_stack() -> usize;
    pub fn c_signal_stack(bytes: usize, autodisarm: c_int) -> *mut c_void;
    pub fn c_no_signal_stack(base: *mut c_void, bytes: usize, overwrite: c_int);
    pub fn c_set_signal_stack(memory: *mut c_void, bytes: usize, autodisarm: c_int) -> c_int;
    pub fn c_signal_stack_now(low: *mut usize) -> usize;
    pub fn c_jump_out_of_handler() -> !;
    #[cfg(target_os = "linux")]
    pub fn c_start_timer(signal: c_int, nanoseconds: c_long, timer: *mut libc::timer_t) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn c_stop_timer(timer: *mut libc::timer_t);
    // exception.cpp
    pub fn c_throw(value: c_int) -> !;
    pub fn c_destroyed() -> c_int;
    pub fn c_call_catching(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_with_local(f: CCallback, arg: *mut c_void) -> c_int;
    // windows.c
    pub fn c_call_at_fls_end(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_in_pool(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_use_frame(bytes: usize) -> c_int;
    pub fn c_use_frame_by_limit(bytes: usize) -> c_int;
    pub fn c_stack_fields(fields: *mut usize);
    pub fn c_raise_and_survive() -> c_int;
    pub fn c_call_handling(f: CCallback, arg: *mut c_void) -> c_int;
    pub fn c_call_interrupted(
        f: CCallback,
        arg: *mut c_void,
        handler: CCallback,
        traps: *mut c_long,
    ) -> c_int;
    pub fn c_raise() -> !;
    pub fn c_call_stdcall(f: *const c_void) -> c_int;
    pub fn c_call_fastcall(f: *const c_void) -> c_int;
    pub fn c_call_thiscall(f: *const c_void) -> c_int;
    pub fn c_jump_unwinding() -> !;
    pub fn c_call_jumped_unwinding(f: CCallback, arg: *mut c_void) -> c_int;
}

/// Of signal.c, where single steps are to be had.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[allow(missing_docs, reason = "each is described at its definition in tests/c")]
mod steps {
    use super::{CCallback, c_int, c_long, c_void};

    unsafe extern "C-unwind" {
        pub fn c_step(flags: c_int);
        pub fn c_call_in_steps(f: CCallback, arg: *mut c_void) -> c_int;
        pub fn c_call_stepped(f: CCallback, arg: *mut c_void) -> c_int;
        pub fn c_call_stepped_until(jump_at: c_long, f: CCallback, arg: *mut c_void) -> c_int;
        pub fn c_call_stepped_at(call_at: c_long, f: CCallback, arg: *mut c_void) -> c_int;
        pub fn c_plan_signals() -> c_long;
        pub fn c_plan_held_back() -> c_long;
        pub fn c_begin_steps(call_at: c_long);
        pub fn c_step_thread_end(
            stack_bytes: usize,
            signal_stack_bytes: usize,
            first: CCallback,
            arg: *mut c_void,
            handler: CCallback,
        ) -> c_long;
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use steps::{
    c_begin_steps, c_call_in_steps, c_call_stepped, c_call_stepped_at, c_call_stepped_until,
    c_plan_held_back, c_plan_signals, c_step, c_step_thread_end,
};

/// Of signal.c, where instructions can be exchanged for breakpoints.
#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
#[allow(missing_docs, reason = "each is described at its definition in tests/c")]
mod breaks {
    unsafe extern "C" {
        pub fn c_break_at(at: *mut u32, flags: super::c_int);
        pub fn c_mend() -> super::c_int;
    }
}

#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
pub use breaks::{c_break_at, c_mend};
