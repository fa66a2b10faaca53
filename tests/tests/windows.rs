//! What only Windows has: the TEB's fields of the stack in use, probes of frames, structured
//! exceptions, fibers, the thread pool.

#![cfg(windows)]

use core::ffi::{c_int, c_void};
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use guarded_callback::{
    Settings, Source, StackBounds, guarded_callback, install_overflow_report, on_host_stack,
    on_system_stack, remaining_stack, stats,
};
use tests::{
    CCallback, Canary, Mode, alone, c, callback, committed_bytes, fill_below, in_both_modes,
    is_emulated, maps, resident_bytes, run_child, to_c, use_stack,
};

const KIB: usize = 1024;
const STATUS_STACK_OVERFLOW: i32 = 0xC000_00FD_u32.cast_signed();

/// The room of a system stack, less what the runtime and a body use.
const DEEP: usize = if cfg!(target_pointer_width = "64") { 6 << 20 } else { 700 * KIB };

/// The fields of the TEB that describe the stack in use.
fn fields() -> [usize; 4] {
    let mut fields = [0; 4];
    // SAFETY: there is room for four.
    unsafe { c::c_stack_fields(fields.as_mut_ptr()) };
    fields
}

/// Calls with little left, so that both modes switch.
fn far_down(f: CCallback, arg: *mut c_void) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the caller passes what the body expects.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

/// The same on a thread of C, of 64 KiB.
fn on_thread(f: CCallback, arg: *mut c_void) -> c_int {
    // SAFETY: as above.
    unsafe { c::c_call_on_thread(64 * KIB, f, arg) }
}

/// Stacks that no address space has room for.
fn no_stacks() -> Settings {
    Settings::new().system_stack_bytes(usize::MAX / 4).guard_bytes(usize::MAX / 4)
}

callback! { "C" fn works(_arg) {
    if on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB) {
        use_stack(120 * KIB)
    } else {
        -1
    }
} }

callback! { "C" fn makes_big_frames(_arg) {
    // SAFETY: frames of C, with room.
    let c = unsafe { c::c_use_frame(200 * KIB) + c::c_use_frame(DEEP) };
    let mut local = [0_u8; 100 * KIB];
    core::hint::black_box(&mut local).fill(7);
    c + c_int::from(core::hint::black_box(&local).iter().any(|&byte| byte != 7))
} }

callback! { "C" fn makes_frames_by_limit(_arg) {
    // SAFETY: as above.
    unsafe {
        c::c_use_frame_by_limit(200 * KIB)
            + c::c_use_frame_by_limit(DEEP)
            + c::c_use_frame_by_limit(100)
    }
} }

callback! { "C" fn raises(_arg) {
    // SAFETY: the exception is handled there.
    c_int::from(!on_system_stack()) + unsafe { c::c_raise_and_survive() }
} }

callback! { "C-unwind" fn panics(arg) {
    // From far down: an earlier body has made the system commit these pages, so that it moves no
    // limit now.
    let mut local = [0_u8; 300 * KIB];
    core::hint::black_box(&mut local).fill(7);
    // SAFETY: the tests pass a number.
    std::panic::panic_any(unsafe { *arg.cast::<u64>() });
} }

callback! { "C" fn jumps_without_unwinding(_arg) {
    use_stack(64 * KIB);
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn jumps(_arg) {
    use_stack(64 * KIB);
    // SAFETY: as above.
    unsafe { c::c_jump_unwinding() }
} }

callback! { "C" fn faults(_arg) {
    use_stack(64 * KIB);
    // SAFETY: no memory is there, which ends this body: the frames between are C's and this one,
    // which has nothing to drop.
    unsafe { ptr::without_provenance::<c_int>(16).read_volatile() }
} }

callback! { "C" fn raises_out(_arg) {
    use_stack(64 * KIB);
    // SAFETY: as above.
    unsafe { c::c_raise() }
} }

// More than a body that runs on a system stack has left.
#[cfg(target_arch = "x86_64")]
callback! { "C" [reserve = tests::SYSTEM_STACK_BYTES] fn jumps_from_another_stack(_arg) {
    // SAFETY: as above.
    unsafe { c::c_jump_unwinding() }
} }

#[cfg(target_arch = "x86_64")]
callback! { "C" fn uses_its_stack_after_a_jump(arg) {
    // SAFETY: the test passes the mode; what is called does not use its argument, and uses what is
    // free of this stack.
    unsafe {
        let jumped = c::c_call_jumped_unwinding(
            jumps_from_another_stack::of(*arg.cast::<Mode>()),
            ptr::null_mut(),
        );
        c_int::from(jumped != 1 || !on_system_stack()) + c::c_use_frame_by_limit(DEEP / 2)
    }
} }

callback! { "C" fn nothing(_arg) { 0 } }

fn quiet() {
    std::panic::set_hook(Box::new(|_| ()));
}

fn panic_payload(f: CCallback, mut number: u64) -> Option<u64> {
    let payload = catch_unwind(AssertUnwindSafe(|| far_down(f, to_c(&mut number)))).err()?;
    payload.downcast_ref::<u64>().copied()
}

/// Everything that a body may do to its stack, with the fields looked at after each callback.
fn all_on_this_thread(mode: Mode) {
    quiet();
    let before = fields();
    let mut first = before;
    for round in 0..20 {
        for f in [
            works::of(mode),
            makes_big_frames::of(mode),
            makes_frames_by_limit::of(mode),
            raises::of(mode),
        ] {
            assert_eq!(far_down(f, ptr::null_mut()), 0, "round {round}");
            if round == 0 {
                // A calling stack below the system stack is committed to its end once.
                first = fields();
            }
            assert_eq!(fields(), first, "round {round}");
        }
        assert_eq!(panic_payload(panics::of(mode), round), Some(round));
        // Microsoft's unwinder was on the body's stack when the last cleanup ran, and on x86_64 the
        // fast path has none: what was told of that one covers the calling stack as well, until the
        // next callback.
        if cfg!(any(target_env = "msvc", target_arch = "x86_64")) {
            assert_eq!(far_down(works::of(mode), ptr::null_mut()), 0);
        }
        assert_eq!(fields(), first, "after a panic");
        // SAFETY: the frames below use what is free, as any frame does.
        assert_eq!(unsafe { c::c_use_frame(300 * KIB) + c::c_use_frame_by_limit(400 * KIB) }, 0);
    }
    assert_eq!([first[0], first[2], first[3]], [before[0], before[2], before[3]]);
    assert_eq!(stats().stacks_mapped, 1, "{:?}", stats());
}

in_both_modes! {
    fn stack_below_the_calling_stack_is_used_as_any_stack(mode) { all_on_this_thread(mode) }

    fn stack_above_the_calling_stack_is_used_as_any_stack(mode) {
        fill_below();
        all_on_this_thread(mode);
    }

    fn big_frames_on_a_thread_of_c_work(mode) {
        for _ in 0..3 {
            for f in [makes_big_frames::of(mode), makes_frames_by_limit::of(mode), raises::of(mode)]
            {
                assert_eq!(on_thread(f, ptr::null_mut()), 0);
            }
        }
    }

    fn longjmp_restores_the_fields_of_the_thread(mode) {
        callback! { "C" fn jumping(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let before = fields();
            for _ in 0..100 {
                // SAFETY: the bodies do not use their argument; nothing between has to be dropped.
                let jumped = unsafe {
                    c::c_call_jumped(0, jumps_without_unwinding::of(mode), ptr::null_mut())
                        + c::c_call_jumped_unwinding(jumps::of(mode), ptr::null_mut())
                };
                // SAFETY: the body does not use its argument.
                if jumped != 2
                    || unsafe { c::c_call(works::of(Mode::Always), ptr::null_mut()) } != 0
                {
                    return 1;
                }
                let now = fields();
                if [now[0], now[2], now[3]] != [before[0], before[2], before[3]] {
                    return 2;
                }
            }
            0
        } }
        let mut mode = mode;
        assert_eq!(on_thread(jumping::of(Mode::Plain), to_c(&mut mode)), 0);
    }

    fn longjmp_from_a_stack_above_restores_the_fields_of_the_thread(mode) {
        // Without unwinding: RtlUnwind jumps to higher addresses only.
        callback! { "C" fn jumping_down(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            fill_below();
            let before = fields();
            for _ in 0..100 {
                // SAFETY: as above.
                let jumped = unsafe {
                    c::c_call_jumped(0, jumps_without_unwinding::of(mode), ptr::null_mut())
                };
                // SAFETY: the body does not use its argument.
                if jumped != 1
                    || unsafe { c::c_call(works::of(Mode::Always), ptr::null_mut()) } != 0
                {
                    return 1;
                }
            }
            2 * c_int::from(fields() != before)
        } }
        let mut mode = mode;
        assert_eq!(on_thread(jumping_down::of(Mode::Plain), to_c(&mut mode)), 0);
    }

    // On i686 the frames that need it are not told by the limit: `__chkstk` touches page after
    // page.
    #[cfg(target_arch = "x86_64")]
    fn stack_that_was_jumped_back_to_is_used_by_limit(mode) {
        // A system stack as the calling stack: unlike the stacks that Wine gives to threads it is
        // not committed as a whole.
        let mut mode = mode;
        for _ in 0..20 {
            assert_eq!(
                on_thread(uses_its_stack_after_a_jump::of(Mode::Always), to_c(&mut mode)),
                0
            );
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn callback_from_each_instruction_of_a_warm_one_works(mode) {
        callback! { "C" fn interrupted(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let before = fields();
            let (mut wrong, mut all) = (0, 0);
            for f in [nothing::of(Mode::Always), nothing::of(mode), nothing::of(Mode::Plain)] {
                for handler in [works::of(Mode::Always), nothing::of(Mode::WhenLow)] {
                    let mut traps = 0;
                    // SAFETY: the bodies do not use their argument.
                    unsafe {
                        wrong += c::c_call(f, ptr::null_mut());
                        wrong += c::c_call_interrupted(f, ptr::null_mut(), handler, &raw mut traps);
                    }
                    wrong += c_int::from(fields() != before);
                    all += traps;
                }
            }
            println!("{all} instructions, {wrong} wrong");
            wrong + c_int::from(all < 100)
        } }
        let mut mode = mode;
        assert_eq!(on_thread(interrupted::of(Mode::Plain), to_c(&mut mode)), 0);
        assert!(stats().stacks_mapped <= 3 && stats().stacks_reclaimed == 0, "{:?}", stats());
    }

    fn frame_of_the_caller_handles_a_fault_of_the_body(mode) {
        callback! { "C" fn handling(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let before = fields();
            for _ in 0..100 {
                for f in [faults::of(mode), raises_out::of(mode)] {
                    // SAFETY: the bodies do not use their argument; nothing between has to be
                    // dropped.
                    if unsafe { c::c_call_handling(f, ptr::null_mut()) } != -5000 {
                        return 1;
                    }
                    // SAFETY: as above.
                    if unsafe { c::c_call_handling(works::of(Mode::Always), ptr::null_mut()) } != 0
                    {
                        return 2;
                    }
                }
            }
            let now = fields();
            3 * c_int::from([now[0], now[2], now[3]] != [before[0], before[2], before[3]])
        } }
        let mut mode = mode;
        assert_eq!(on_thread(handling::of(Mode::Plain), to_c(&mut mode)), 0);
        // The one that was left, and another to decide on.
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn thread_that_ends_after_a_longjmp_leaks_nothing(mode) {
        callback! { "C" fn jumps_once(arg) {
            // SAFETY: the test passes the mode; the body does not use its argument.
            unsafe {
                c::c_call_jumped(
                    0,
                    jumps_without_unwinding::of(*arg.cast::<Mode>()),
                    ptr::null_mut(),
                ) - 1
            }
        } }
        let mut mode = mode;
        let mut step = || assert_eq!(on_thread(jumps_once::of(Mode::Plain), to_c(&mut mode)), 0);
        (0..50).for_each(|_| step());
        let (maps_before, bytes_before) = (maps(), resident_bytes());
        (0..200).for_each(|_| step());
        assert!(maps() <= maps_before + 8, "{maps_before} -> {}", maps());
        let is_flat = resident_bytes() < bytes_before + 1024 * KIB;
        assert!(
            is_flat || is_emulated("keeps memory for threads that have ended"),
            "{bytes_before} -> {}",
            resident_bytes()
        );
        assert_eq!(on_thread(works::of(mode), ptr::null_mut()), 0);
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn thread_that_is_ended_in_a_body_gives_the_system_stack_back(mode) {
        callback! { "C" fn ends_the_thread(_arg) {
            // SAFETY: nothing in the frames of the thread has to be dropped.
            unsafe { c::c_exit_thread() }
        } }
        for _ in 0..20 {
            assert_eq!(on_thread(ends_the_thread::of(mode), ptr::null_mut()), -3001);
            assert_eq!(on_thread(works::of(mode), ptr::null_mut()), 0);
        }
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn panic_on_the_calling_stack_reaches_the_body(mode) {
        quiet();
        callback! { "C-unwind" fn goes_back(_arg) {
            let canary = Canary::new(3);
            let caught = catch_unwind(|| on_host_stack(|| {
                if !on_system_stack() { std::panic::panic_any(9_u64) }
            }));
            let payload = caught.err().and_then(|payload| payload.downcast_ref::<u64>().copied());
            c_int::from(payload != Some(9) || !canary.is_intact() || !on_system_stack())
                + use_stack(100 * KIB)
        } }
        for _ in 0..20 {
            assert_eq!(far_down(goes_back::of(mode), ptr::null_mut()), 0);
        }
    }

    fn callback_of_the_thread_pool_works(mode) {
        callback! { "C" fn needs_more_than_a_pool_thread_has(_arg) {
            use_stack(700 * KIB)
        } }
        for _ in 0..50 {
            // SAFETY: the bodies do not use their argument.
            unsafe {
                assert_eq!(c::c_call_in_pool(works::of(Mode::Always), ptr::null_mut()), 0);
                assert_eq!(
                    c::c_call_in_pool(needs_more_than_a_pool_thread_has::of(mode), ptr::null_mut()),
                    0
                );
            }
        }
    }

    fn callback_when_fiber_local_storage_ends_works_and_leaks_nothing(mode) {
        callback! { "C" fn at_the_end(_arg) { use_stack(100 * KIB) } }
        // SAFETY: the body does not use its argument.
        let step = || {
            assert_eq!(unsafe { c::c_call_at_fls_end(at_the_end::of(mode), ptr::null_mut()) }, 0)
        };
        (0..50).for_each(|_| step());
        let maps_before = maps();
        (0..200).for_each(|_| step());
        assert!(maps() <= maps_before + 8, "{maps_before} -> {}", maps());
    }
}

alone! {
    fn system_stack_below_the_calling_stack_is_committed_as_touched() {
        let before = committed_bytes();
        assert_eq!(far_down(works::of(Mode::Always), ptr::null_mut()), 0);
        let committed = committed_bytes() - before;
        // What the body touched, the guard pages and what was committed to begin with.
        assert!(committed < 400 * KIB, "{} KiB", committed / KIB);
    }

    fn bounds_of_a_fiber_are_known() {
        callback! { "C" fn looks(_arg) {
            let Some(bounds) = StackBounds::current() else { return 1 };
            let bytes = bounds.high() - bounds.low();
            let plausible = bounds.contains(tests::near_sp()) && bounds.source() == Source::Thread;
            c_int::from(!plausible || !(200 * KIB..4096 * KIB).contains(&bytes))
        } }
        // SAFETY: the body does not use its argument.
        unsafe {
            let fiber = c::c_coroutine_new(
                ptr::null_mut(),
                256 * KIB,
                looks::of(Mode::Plain),
                ptr::null_mut(),
            );
            assert_eq!((c::c_coroutine_resume(fiber), c::c_coroutine_result(fiber)), (1, 0));
            c::c_coroutine_free(fiber);
        }
    }

    fn fiber_that_is_gone_is_told_from_the_stack_of_its_thread() {
        // The first callback of the thread comes from a fiber; its stack is no stack of the
        // thread's when it is deleted. SAFETY: the body does not use its argument.
        unsafe {
            let fiber = c::c_coroutine_new(
                ptr::null_mut(),
                600 * KIB,
                works::of(Mode::Always),
                ptr::null_mut(),
            );
            assert_eq!((c::c_coroutine_resume(fiber), c::c_coroutine_result(fiber)), (1, 0));
            c::c_coroutine_free(fiber);
        }
        assert_eq!(StackBounds::of_thread(), None);
        // SAFETY: as above.
        assert_eq!(unsafe { c::c_call(works::of(Mode::WhenLow), ptr::null_mut()) }, 0);
    }

    fn refused_callback_gets_its_fallback() {
        #[guarded_callback(switch = always, fallback = -7)]
        extern "C" fn cannot(_arg: *mut c_void) -> c_int { 0 }
        no_stacks().apply().expect("first");
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call(CCallback(cannot as *const c_void), ptr::null_mut()) }, -7);
        assert_eq!(stats().refusals, 1);
    }
}

#[test]
fn refused_callback_dies_with_one_line() {
    let test = "refused_callback_dies_with_one_line";
    let scenario = || {
        no_stacks().apply().expect("first");
        far_down(works::of(Mode::Always), ptr::null_mut());
    };
    let Some(death) = run_child(test, test, |_| (), scenario) else { return };
    assert!(death.is_abort(), "{}", death.transcript());
    for word in [
        "guarded-callback: `",
        "works::always",
        "no system stack could be mapped",
        "os error",
        "fallback",
    ] {
        assert!(death.stderr.contains(word), "{word}: {}", death.transcript());
    }
}

callback! { "C" fn overflows(_arg) {
    println!("on a system stack: {}", on_system_stack());
    use_stack(usize::MAX / 2)
} }

#[test]
fn overflow_of_a_body_is_one_for_the_system() {
    let test = "overflow_of_a_body_is_one_for_the_system";
    for (mode, above) in [(Mode::Always, false), (Mode::WhenLow, false), (Mode::Always, true)] {
        let scenario = || {
            install_overflow_report().expect("handlers can be installed");
            if above {
                fill_below();
            }
            far_down(overflows::of(mode), ptr::null_mut());
        };
        let Some(death) = run_child(test, &format!("{test} {mode:?} {above}"), |_| (), scenario)
        else {
            continue;
        };
        assert!(death.stdout.contains("on a system stack: true"), "{}", death.transcript());
        assert_eq!(death.code, Some(STATUS_STACK_OVERFLOW), "{}", death.transcript());
        for word in ["guarded-callback: `", "overflows::", "has overflowed its system stack"] {
            assert!(death.stderr.contains(word), "{word}: {}", death.transcript());
        }
    }
}

#[cfg(target_arch = "x86")]
mod conventions {
    use super::*;

    #[guarded_callback(switch = always)]
    extern "stdcall" fn by_stdcall(a: c_int, b: c_int) -> c_int {
        a + b + c_int::from(!on_system_stack())
    }

    #[guarded_callback(switch = always)]
    extern "system" fn by_system(a: c_int, b: c_int) -> c_int {
        a + b + c_int::from(!on_system_stack())
    }

    #[guarded_callback(switch = always)]
    extern "fastcall" fn by_fastcall(a: c_int, b: c_int, c: c_int) -> c_int {
        a + b + c + c_int::from(!on_system_stack())
    }

    #[guarded_callback(switch = always)]
    unsafe extern "thiscall" fn by_thiscall(object: *const c_int, a: c_int) -> c_int {
        // SAFETY: C passes a number.
        unsafe { *object + a + c_int::from(!on_system_stack()) }
    }

    #[test]
    fn calling_conventions_of_i686_are_kept() {
        for _ in 0..3 {
            // SAFETY: the functions have the conventions that the callers expect.
            unsafe {
                assert_eq!(c::c_call_stdcall(by_stdcall as *const c_void), 21);
                assert_eq!(c::c_call_stdcall(by_system as *const c_void), 21);
                assert_eq!(c::c_call_fastcall(by_fastcall as *const c_void), 321);
                assert_eq!(c::c_call_thiscall(by_thiscall as *const c_void), 54);
            }
        }
    }
}
