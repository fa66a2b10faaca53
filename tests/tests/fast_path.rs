//! The fast path (runtime/src/fast/), where it must leave a callback to the compiled one or be told
//! from it. That arguments and results arrive is seen by `abi-tests`, signals at each of its
//! instructions by `tests/signal.rs`.

use core::ptr;

use guarded_callback::{
    Settings, on_host_stack, on_system_stack, prepare_thread, remaining_stack, stats,
};
use tests::{Canary, Mode, alone, c, callback, in_both_modes, to_c, use_stack};

const KIB: usize = 1024;

fn call(f: tests::CCallback) -> i32 {
    // SAFETY: none of the bodies here uses its argument, except for those that are passed a mode.
    unsafe { c::c_call(f, ptr::null_mut()) }
}

fn on_small_thread(f: tests::CCallback, mut mode: Mode) -> i32 {
    // SAFETY: the bodies that run so expect the mode.
    unsafe { c::c_call_on_thread(96 * KIB, f, to_c(&mut mode)) }
}

callback! { "C" fn idle(_arg) { i32::from(!on_system_stack()) } }

callback! { "C" fn visits_its_host(_arg) {
    let before = on_system_stack();
    let there = on_host_stack(on_system_stack);
    i32::from(!before || there || !on_system_stack())
} }

callback! { "C" fn calls_from_its_host(_arg) {
    let nested = on_host_stack(|| call(idle::of(Mode::Always)));
    i32::from(nested != 0 || !on_system_stack())
} }

callback! { "C" fn visits_from_a_small_thread(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    // The first callback of the thread takes the slow path, as do those after the thread has come
    // to hold two stacks.
    let visits: i32 = (0..3).map(|_| call(visits_its_host::of(mode))).sum();
    visits + (0..3).map(|_| call(calls_from_its_host::of(mode))).sum::<i32>()
} }

in_both_modes! {
    fn visit_runs_on_the_calling_stack(mode) {
        assert_eq!(on_small_thread(visits_from_a_small_thread::of(Mode::Plain), mode), 0);
    }
}

callback! { "C" fn knows_its_callers(_arg) {
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    i32::from(
        !on_system_stack() || !trace.contains("c_call") || !trace.contains("in_a_frame_of_its_own"),
    )
} }

#[inline(never)]
fn in_a_frame_of_its_own(f: tests::CCallback) -> i32 {
    core::hint::black_box(call(f))
}

/// What the body has to know to suspend itself.
struct Suspended {
    coroutine: *mut c::Coroutine,
}

callback! { "C" fn suspends(arg) {
    let canary = Canary::new(5);
    // SAFETY: the test passes this, and runs the callback in the coroutine.
    unsafe { c::c_coroutine_suspend((*arg.cast::<Suspended>()).coroutine) };
    i32::from(!canary.is_intact() || !on_system_stack())
} }

callback! { "C" fn uses_its_stack(_arg) { use_stack(64 * KIB) + i32::from(!on_system_stack()) } }

callback! { "C" [reserve = "12 MiB"] fn needs_more_than_a_usual_stack(_arg) {
    i32::from(remaining_stack().is_none_or(|bytes| bytes < 12 * 1024 * KIB))
} }

callback! { "C" [reserve = "300 KiB"] fn needs_more_than_a_small_stack(_arg) {
    i32::from(remaining_stack().is_none_or(|bytes| bytes < 300 * KIB))
} }

callback! { "C" [reserve = "40 KiB"] fn needs_less_than_a_small_stack(_arg) {
    i32::from(remaining_stack().is_none_or(|bytes| bytes < 40 * KIB))
} }

callback! { "C" fn jumps_once_and_calls_on(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    // SAFETY: the body does not use its argument.
    let jumped = unsafe { c::c_call_jumped(8 * KIB, jumps::of(mode), ptr::null_mut()) };
    // From a shallower frame, so that nothing proves the activation dead.
    i32::from(jumped != 1) + takes_no_slow_path(mode)
} }

/// Two callbacks, and then a hundred that take no slow path.
fn takes_no_slow_path(mode: Mode) -> i32 {
    let first = call(idle::of(mode)) + call(idle::of(mode));
    let before = stats();
    let warm: i32 = (0..100).map(|_| call(idle::of(mode))).sum();
    first + warm + i32::from(stats() != before)
}

callback! { "C" fn prepares_and_calls(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    prepare_thread();
    takes_no_slow_path(mode)
} }

callback! { "C" fn calls_with_a_stack_registered_inside_of_its_own(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let carved = [0_u8; 16 * KIB];
    let range = core::hint::black_box(&carved).as_ptr_range();
    let registration =
        guarded_callback::register_stack(range.start.addr()..range.end.addr()).expect("a place");
    let wrong = takes_no_slow_path(mode);
    drop(registration);
    wrong
} }

in_both_modes! {
    fn prepared_thread_with_an_alternate_stack_takes_no_slow_path(mode) {
        // Threads of Rust have an alternate signal stack.
        prepare_thread();
        let before = stats();
        (0..100).for_each(|_| assert_eq!(call(calls_idle::of(mode)), 0));
        assert_eq!(stats(), before);
        assert_eq!(on_small_thread(prepares_and_calls::of(Mode::Plain), mode), 0);
    }

    fn callbacks_after_a_longjmp_take_no_slow_path(mode) {
        assert_eq!(on_small_thread(jumps_once_and_calls_on::of(Mode::Plain), mode), 0);
    }

    fn callbacks_among_suspended_bodies_take_no_slow_path(mode) {
        let mut memory = vec![[0_u8; 32 * KIB]; 100];
        let mut jobs: Vec<Suspended> =
            (0..100).map(|_| Suspended { coroutine: ptr::null_mut() }).collect();
        for (job, memory) in jobs.iter_mut().zip(&mut memory) {
            let arg = to_c(job);
            // SAFETY: memory and job outlive the coroutine, which ends below.
            unsafe {
                job.coroutine = c::c_coroutine_new(
                    memory.as_mut_ptr().cast(),
                    memory.len(),
                    suspends::of(mode),
                    arg,
                );
                assert_eq!(c::c_coroutine_resume(job.coroutine), 0);
            }
        }
        assert_eq!(takes_no_slow_path(Mode::Always), 0);
        for job in &jobs {
            // SAFETY: as above.
            unsafe {
                assert_eq!(c::c_coroutine_resume(job.coroutine), 1);
                assert_eq!(c::c_coroutine_result(job.coroutine), 0);
                c::c_coroutine_free(job.coroutine);
            }
        }
    }

    fn stack_registered_inside_of_the_threads_own_costs_no_slow_path(mode) {
        assert_eq!(
            on_small_thread(calls_with_a_stack_registered_inside_of_its_own::of(Mode::Plain), mode),
            0
        );
    }
}

callback! { "C" fn calls_idle(_arg) { 0 } }

callback! { "C" fn jumps(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    if on_system_stack() { unsafe { c::c_jump() } } else { -1 }
} }

alone! {
    fn backtrace_of_a_warm_callback_reaches_its_callers() {
        prepare_thread();
        assert_eq!(in_a_frame_of_its_own(knows_its_callers::of(Mode::Always)), 0);
    }

    fn warm_callback_that_is_suspended_keeps_its_stack() {
        prepare_thread();
        let mut memory = vec![0_u8; 64 * KIB];
        let mut job = Suspended { coroutine: ptr::null_mut() };
        let arg = to_c(&mut job);
        // SAFETY: memory and job outlive the coroutine, which ends below.
        unsafe {
            job.coroutine = c::c_coroutine_new(
                memory.as_mut_ptr().cast(),
                memory.len(),
                suspends::of(Mode::Always),
                arg,
            );
            assert_eq!(c::c_coroutine_resume(job.coroutine), 0);
        }
        (0..3).for_each(|_| assert_eq!(call(uses_its_stack::of(Mode::Always)), 0));
        // SAFETY: as above.
        unsafe {
            assert_eq!(c::c_coroutine_resume(job.coroutine), 1);
            assert_eq!(c::c_coroutine_result(job.coroutine), 0);
            c::c_coroutine_free(job.coroutine);
        }
    }

    fn body_that_needs_more_than_the_usual_stack_gets_it() {
        for _ in 0..3 {
            assert_eq!(call(idle::of(Mode::Always)), 0);
            assert_eq!(call(needs_more_than_a_usual_stack::of(Mode::Always)), 0);
        }
    }

    fn size_below_the_default_changes_nothing() {
        let holds = Settings::new().system_stack_bytes(256 * KIB).apply().expect("fits");
        assert_eq!(holds.get_system_stack_bytes(), tests::SYSTEM_STACK_BYTES);
        for _ in 0..3 {
            assert_eq!(call(needs_less_than_a_small_stack::of(Mode::Always)), 0);
            assert_eq!(call(needs_more_than_a_small_stack::of(Mode::Always)), 0);
        }
    }

    fn stack_of_an_activation_that_was_jumped_over_is_used_again() {
        for _ in 0..100 {
            // SAFETY: the body does not use its argument.
            assert_eq!(unsafe { c::c_call_jumped(0, jumps::of(Mode::Always), ptr::null_mut()) }, 1);
        }
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }
}
