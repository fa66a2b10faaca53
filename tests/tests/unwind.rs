//! Panics, C++ exceptions and pthread_exit across the switch.

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(unix)]
use guarded_callback::on_host_stack;
use guarded_callback::{StackBounds, on_system_stack, stats};
#[cfg(unix)]
use tests::PTHREAD_EXIT_UNWINDS;
use tests::{
    CountDrop, Mode, c, callback, in_both_modes, is_emulated, many, normalised, rounds, run_child,
    to_c, use_stack,
};

const KIB: usize = 1024;

static DROPS: AtomicUsize = AtomicUsize::new(0);
static SWITCHED: AtomicUsize = AtomicUsize::new(0);

fn enter_body() -> CountDrop {
    SWITCHED.fetch_add(usize::from(on_system_stack()), Relaxed);
    CountDrop(&DROPS)
}

callback! { "C-unwind" fn panics(arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    // SAFETY: the tests pass a number.
    std::panic::panic_any(unsafe { *arg.cast::<u64>() });
} }

callback! { "C-unwind" fn throws(_arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    // SAFETY: an exception may leave this function.
    unsafe { c::c_throw(7) }
} }

#[cfg(unix)]
callback! { "C-unwind" fn ends_the_thread(_arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    // SAFETY: the thread is C's and the frames up to its start can be unwound.
    unsafe { c::c_exit_thread() }
} }

callback! { "C-unwind" fn passes_on(arg) {
    let _local = enter_body();
    // SAFETY: the test passes a pair of a callback and its argument.
    let (f, arg) = unsafe { *arg.cast::<(tests::CCallback, *mut c_void)>() };
    // SAFETY: as above.
    unsafe { c::c_call_with_local(f, arg) }
} }

/// Calls back when it is dropped, in the mode of the test.
struct CallsBack(Mode);

impl Drop for CallsBack {
    fn drop(&mut self) {
        // SAFETY: the bodies do not use their argument.
        let wrong = unsafe {
            c::c_call(works::of(self.0), ptr::null_mut())
                + c::c_call(needs_a_further_stack::of(self.0), ptr::null_mut())
        };
        DROPS.fetch_add(usize::from(wrong == 0), Relaxed);
    }
}

callback! { "C-unwind" fn panics_below_a_caller(arg) {
    let _local = enter_body();
    // SAFETY: the test passes the mode.
    let _calls_back = CallsBack(unsafe { *arg.cast::<Mode>() });
    use_stack(64 * KIB);
    std::panic::panic_any(6_u64);
} }

callback! { "C" [reserve = 9 << 20] fn needs_a_further_stack(_arg) { use_stack(7 << 20) } }

callback! { "C-unwind" [reserve = 9 << 20] fn passes_on_from_a_further_stack(arg) {
    let _local = enter_body();
    // SAFETY: the test passes a pair of a callback and its argument.
    let (f, arg) = unsafe { *arg.cast::<(tests::CCallback, *mut c_void)>() };
    // SAFETY: as above.
    unsafe { c::c_call_with_local(f, arg) }
} }

callback! { "C-unwind" fn catching(arg) {
    // SAFETY: the test passes the mode.
    unsafe { c::c_call_catching(throws::of(*arg.cast::<Mode>()), ptr::null_mut()) }
} }

callback! { "C" fn works(_arg) { use_stack(100 * KIB) } }

callback! { "C" [fallback = -9] fn panics_with_fallback(_arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    panic!("to be caught");
} }

callback! { "C" fn panics_in_c(_arg) {
    panic!("out of the body {}", 1);
} }

fn call_works(mode: Mode) -> c_int {
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call(works::of(mode), ptr::null_mut()) }
}

fn panic_payload(f: impl FnOnce() -> c_int) -> Option<u64> {
    catch_unwind(AssertUnwindSafe(f))
        .err()
        .and_then(|payload| payload.downcast_ref::<u64>().copied())
}

fn quiet() {
    std::panic::set_hook(Box::new(|_| ()));
}

/// Unwinds many times; a round is a panic and a C++ exception. Maps and reclaimed stacks stay as
/// they are.
const MANY: usize = 50_000;

/// Calls `f` where both modes switch.
fn far_down(f: tests::CCallback, arg: *mut c_void) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the caller passes what the body expects.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

in_both_modes! {
    fn panic_in_a_switched_body_reaches_the_caller_of_c(mode) {
        quiet();
        for round in 0..rounds(1000) as u64 {
            let mut number = round;
            assert_eq!(
                panic_payload(|| far_down(panics::of(mode), to_c(&mut number))),
                Some(round)
            );
            assert_eq!(call_works(mode), 0);
        }
        assert_eq!((DROPS.load(Relaxed), SWITCHED.load(Relaxed)), (rounds(1000), rounds(1000)));
        assert_eq!((stats().stacks_mapped, stats().stacks_reclaimed), (1, 0), "{:?}", stats());
    }

    fn panic_of_a_body_with_arguments_on_the_stack_leaves_its_stack_idle(mode) {
        callback! { "C-unwind" fn calls_with_many(arg) {
            // SAFETY: the test passes the mode and a number.
            let (mode, payload) = unsafe { &mut *arg.cast::<(Mode, u64)>() };
            // SAFETY: the body panics with the number.
            unsafe { c::c_call_with_many(many::of(*mode), to_c(payload)) }
        } }
        quiet();
        let mut arg = (mode, 0_u64);
        for round in 0..rounds(100) as u64 {
            arg.1 = round;
            let outer = calls_with_many::of(Mode::Plain);
            assert_eq!(panic_payload(|| far_down(outer, to_c(&mut arg))), Some(round));
        }
        assert_eq!((stats().stacks_mapped, stats().stacks_reclaimed), (1, 0), "{:?}", stats());
    }

    fn panic_crosses_two_switches(mode) {
        quiet();
        let mut number = 5_u64;
        let mut inner = (panics::of(mode), to_c(&mut number));
        let mut middle = (passes_on_from_a_further_stack::of(mode), to_c(&mut inner));
        for round in 1..=rounds(100) {
            let payload = panic_payload(|| far_down(passes_on::of(mode), to_c(&mut middle)));
            assert_eq!(payload, Some(5));
            assert_eq!(DROPS.load(Relaxed), 3 * round);
            // SAFETY: it only tells a number.
            assert_eq!(unsafe { c::c_destroyed() }, 2 * round as c_int);
            assert_eq!(call_works(mode), 0);
        }
        assert!(stats().stacks_mapped <= 3 && stats().stacks_reclaimed == 0, "{:?}", stats());
    }

    fn callback_from_cleanup_leaves_what_the_unwinder_needs(mode) {
        quiet();
        let mut mode = mode;
        let arg = to_c(&mut mode);
        for round in 1..=rounds(100) {
            let payload = panic_payload(|| {
                let _on_the_host = CallsBack(mode);
                far_down(panics_below_a_caller::of(mode), arg)
            });
            // A destructor below the switch, one above it, and the body's own local.
            assert_eq!((payload, DROPS.load(Relaxed)), (Some(6), 3 * round));
            assert_eq!(call_works(mode), 0);
        }
        assert!(stats().stacks_mapped <= 3, "{:?}", stats());
    }

    fn cpp_exception_crosses_a_switched_body(mode) {
        callback! { "C-unwind" fn catching(arg) {
            // SAFETY: the test passes the mode.
            unsafe { c::c_call_catching(throws::of(*arg.cast::<Mode>()), ptr::null_mut()) }
        } }
        let mut mode = mode;
        for round in 1..=rounds(1000) {
            assert_eq!(far_down(catching::of(Mode::Plain), to_c(&mut mode)), 5007);
            // SAFETY: it only tells a number.
            assert_eq!(unsafe { c::c_destroyed() }, round as c_int);
            assert_eq!(call_works(mode), 0);
        }
        assert_eq!((DROPS.load(Relaxed), SWITCHED.load(Relaxed)), (rounds(1000), rounds(1000)));
        assert_eq!((stats().stacks_mapped, stats().stacks_reclaimed), (1, 0), "{:?}", stats());
    }

    fn many_panics_and_exceptions_cost_no_maps(mode) {
        quiet();
        let (mut number, mut mode) = (1_u64, mode);
        let (number, mode_of_c) = (to_c(&mut number), to_c(&mut mode));
        let many = if is_emulated("unwinds too slowly for many") { MANY / 50 } else { MANY };
        for _ in 0..many {
            assert_eq!(panic_payload(|| far_down(panics::of(mode), number)), Some(1));
            assert_eq!(far_down(catching::of(Mode::Plain), mode_of_c), 5007);
        }
        assert_eq!((stats().stacks_mapped, stats().stacks_reclaimed), (1, 0), "{:?}", stats());
        assert_eq!(DROPS.load(Relaxed), 2 * many);
    }

    #[cfg(unix)]
    fn pthread_exit_in_a_switched_body_runs_destructors(mode) {
        // One local in the body, one in a Rust frame and one in a C++ frame on the calling stack.
        // None where pthread_exit does not unwind.
        let ran = usize::from(PTHREAD_EXIT_UNWINDS);
        let mut inner = (ends_the_thread::of(mode), ptr::null_mut::<c_void>());
        for round in 1..=rounds(200) {
            // SAFETY: the pair is as the body expects.
            let result = unsafe {
                c::c_call_on_thread(64 * KIB, passes_on::of(Mode::Plain), to_c(&mut inner))
            };
            assert_eq!(result, -3001, "the thread ended otherwise");
            assert_eq!((DROPS.load(Relaxed), SWITCHED.load(Relaxed)), (2 * round * ran, round));
            // SAFETY: it only tells a number.
            assert_eq!(unsafe { c::c_destroyed() }, (round * ran) as c_int);
        }
        // A thread that was joined may not be gone yet.
        assert!(
            stats().stacks_mapped <= if PTHREAD_EXIT_UNWINDS { 1 } else { 4 },
            "stacks were lost: {:?}",
            stats()
        );
    }

    #[cfg(unix)]
    fn pthread_exit_crosses_two_switches(mode) {
        let mut inner = (ends_the_thread::of(mode), ptr::null_mut::<c_void>());
        let mut outer = (passes_on_from_a_further_stack::of(mode), to_c(&mut inner));
        for round in 1..=rounds(200) {
            // SAFETY: the pairs are as the bodies expect.
            let result =
                unsafe { c::c_call_on_thread(64 * KIB, passes_on::of(mode), to_c(&mut outer)) };
            assert_eq!(result, -3001, "the thread ended otherwise");
            assert_eq!(DROPS.load(Relaxed), 3 * round * usize::from(PTHREAD_EXIT_UNWINDS));
        }
        assert!(
            stats().stacks_mapped <= if PTHREAD_EXIT_UNWINDS { 3 } else { 6 },
            "stacks of the threads were lost: {:?}",
            stats()
        );
    }

    #[cfg(unix)]
    fn pthread_exit_in_a_visit_from_a_further_stack_loses_no_stack(mode) {
        callback! { "C-unwind" [reserve = 9 << 20] fn visits_its_host(_arg) {
            let _local = enter_body();
            // SAFETY: the thread is C's and the frames up to its start can be unwound.
            on_host_stack(|| unsafe { c::c_exit_thread() })
        } }
        // From the thread to one stack, from there to a further one, and back to the first, on
        // which the thread ends.
        let mut outer = (visits_its_host::of(mode), ptr::null_mut::<c_void>());
        for round in 1..=rounds(200) {
            // SAFETY: the pair is as the body expects.
            let result =
                unsafe { c::c_call_on_thread(64 * KIB, passes_on::of(mode), to_c(&mut outer)) };
            assert_eq!(result, -3001, "the thread ended otherwise");
            assert_eq!(SWITCHED.load(Relaxed), 2 * round);
        }
        assert!(
            stats().stacks_mapped <= if PTHREAD_EXIT_UNWINDS { 2 } else { 6 },
            "stacks of the threads were lost: {:?}",
            stats()
        );
    }

    fn fallback_is_given_for_a_panic(mode) {
        quiet();
        for round in 1..=rounds(100) {
            // SAFETY: the body does not use its argument.
            let result = unsafe {
                c::c_call_on_thread(64 * KIB, panics_with_fallback::of(mode), ptr::null_mut())
            };
            assert_eq!(result, -9);
            assert_eq!((DROPS.load(Relaxed), SWITCHED.load(Relaxed)), (round, round));
        }
        assert_eq!(call_works(mode), 0);
    }

    fn fallback_is_given_for_a_panic_in_place(mode) {
        quiet();
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call(panics_with_fallback::of(mode), ptr::null_mut()) }, -9);
        assert_eq!(SWITCHED.load(Relaxed), usize::from(mode == Mode::Always));
    }

    fn cleanup_of_a_panic_fits_a_calling_stack_that_is_nearly_full(mode) {
        // A thread of 16 KiB: unwinding runs on the system stack, and what is left of it on the
        // calling stack fits there.
        quiet();
        callback! { "C" fn outer(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let mut number = 11_u64;
            let payload = panic_payload(|| {
                // SAFETY: the argument is the number that the body expects.
                unsafe { c::c_call(panics::of(mode), to_c(&mut number)) }
            });
            c_int::from(payload != Some(11))
        } }
        let mut mode = mode;
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(16 * KIB, outer::of(Mode::Plain), to_c(&mut mode)) };
        assert_eq!(result, 0);
    }
}

/// The death of a panic in an `extern "C"` function, called on the main thread or on a thread of
/// the given size.
fn death_by_panic(
    test: &str,
    mode: Mode,
    stack_bytes: Option<usize>,
    backtrace: &str,
) -> Option<tests::Death> {
    let tag = format!("{test} {mode:?} {stack_bytes:?} {backtrace}");
    run_child(
        test,
        &tag,
        |command| {
            command.env("RUST_BACKTRACE", backtrace);
        },
        || {
            // SAFETY: the body does not use its argument.
            unsafe {
                match stack_bytes {
                    None => c::c_call(panics_in_c::of(mode), ptr::null_mut()),
                    Some(bytes) => {
                        c::c_call_on_thread(bytes, panics_in_c::of(mode), ptr::null_mut())
                    }
                }
            };
        },
    )
}

/// What a panic says, without the frames of its backtrace.
fn words(stderr: &str) -> String {
    normalised(&stderr.lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>().join("\n"))
}

/// Runs the twin and both modes, and compares the deaths.
fn dies_like_its_twin(test: &str, twin_bytes: Option<usize>, stack_bytes: Option<usize>) {
    let twin = death_by_panic(test, Mode::Plain, twin_bytes, "0");
    let others =
        [Mode::Always, Mode::WhenLow].map(|mode| death_by_panic(test, mode, stack_bytes, "0"));
    let Some(twin) = twin else { return };
    for death in others.into_iter().flatten() {
        assert_eq!((death.signal, death.code), (twin.signal, twin.code), "{}", death.transcript());
        assert_eq!(words(&death.stderr), words(&twin.stderr), "{}", death.transcript());
        let first_frame = if cfg!(windows) { "run_with" } else { " - run" };
        for frame in ["panics_in_c", if stack_bytes.is_none() { "c_call" } else { first_frame }] {
            assert!(
                death.stderr.contains(frame),
                "the backtrace does not show {frame}: {}",
                death.transcript()
            );
        }
    }
}

#[test]
fn panic_in_c_dies_like_its_unannotated_twin() {
    dies_like_its_twin("panic_in_c_dies_like_its_unannotated_twin", None, None);
}

#[test]
fn panic_in_c_on_a_small_thread_dies_like_its_twin() {
    dies_like_its_twin(
        "panic_in_c_on_a_small_thread_dies_like_its_twin",
        Some(1 << 20),
        Some(16 * KIB),
    );
}

#[test]
fn panic_in_c_on_a_small_thread_prints_a_backtrace() {
    let test = "panic_in_c_on_a_small_thread_prints_a_backtrace";
    for mode in [Mode::Always, Mode::WhenLow] {
        let Some(death) = death_by_panic(test, mode, Some(16 * KIB), "1") else { continue };
        assert!(death.is_abort(), "{}", death.transcript());
        assert!(
            death.stderr.contains("cannot unwind") && death.stderr.contains("panics_in_c"),
            "{}",
            death.transcript()
        );
    }
}
