//! What a callback costs the stack that C called it on, and the state that C sees around it.

use core::ffi::c_void;
use core::ptr;

use guarded_callback::on_system_stack;
use tests::{CCallback, Mode, alone, c, callback, in_both_modes};

const KIB: usize = 1024;

/// What a callback may use of the calling stack, first use included. Unoptimised frames are larger;
/// they must fit what other tests leave.
const MOST_BYTES: usize = match (cfg!(debug_assertions), tests::LARGE_FRAMES) {
    (true, _) => tests::LITTLE,
    (false, true) => 1024,
    (false, false) => 512,
};

callback! { "C" fn idle_body(_arg) { i32::from(!on_system_stack()) } }

callback! { "C" [fallback = -1] fn idle_body_with_fallback(_arg) { i32::from(!on_system_stack()) } }

callback! { "C-unwind" fn idle_unwinding_body(_arg) { i32::from(!on_system_stack()) } }

fn used_by(f: CCallback) -> usize {
    let mut used = 0;
    // SAFETY: the bodies do not use their argument.
    let result = unsafe { c::c_call_painted(f, ptr::null_mut(), &raw mut used) };
    assert_eq!(result, 0, "the body did not switch");
    used
}

fn measure(what: &str, f: CCallback, all: &mut Vec<usize>) {
    let cold = used_by(f);
    let warm = used_by(f);
    println!("bytes of the calling stack, {what}: first {cold}, warm {warm}");
    all.extend([cold, warm]);
}

callback! { "C" fn on_a_small_thread(arg) {
    // SAFETY: the test passes the callback's address.
    let f = CCallback(arg.cast_const());
    let (cold, warm) = (used_by(f), used_by(f));
    println!("bytes of the calling stack on a new thread: first {cold}, warm {warm}");
    i32::try_from(cold.max(warm)).expect("small")
} }

alone! {
    fn shim_takes_less_than_512_bytes_of_the_calling_stack() {
        let mut all = Vec::new();
        measure("main", idle_body::of(Mode::Always), &mut all);
        measure("fallback", idle_body_with_fallback::of(Mode::Always), &mut all);
        measure("C-unwind", idle_unwinding_body::of(Mode::Always), &mut all);
        assert!(all.iter().all(|&bytes| bytes < MOST_BYTES), "{all:?}");
    }

    fn first_callback_on_a_thread_takes_less_than_512_bytes_of_the_calling_stack() {
        for f in [
            idle_body::of(Mode::WhenLow),
            idle_unwinding_body::of(Mode::WhenLow),
            idle_body_with_fallback::of(Mode::WhenLow),
        ] {
            // SAFETY: the body expects the address of a callback.
            let most = unsafe {
                c::c_call_on_thread(64 * KIB, on_a_small_thread::of(Mode::Plain), f.0.cast_mut())
            };
            assert!(most >= 0 && most < MOST_BYTES as i32, "{most}");
        }
    }
}

callback! { "C" fn sees_the_state(arg) {
    // SAFETY: the test passes the number; the C function only looks.
    unsafe { *arg.cast::<i32>() = c::c_state_differs() };
    0
} }

fn state_differs(f: CCallback) -> (i32, i32) {
    let mut inside = -1;
    // SAFETY: the body expects the number.
    let after = unsafe { c::c_call_comparing_state(f, (&raw mut inside).cast::<c_void>()) };
    (inside, after)
}

callback! { "C" fn compares_the_state(arg) {
    let f = CCallback(arg.cast_const());
    // First use, warm.
    for _ in 0..2 {
        if state_differs(f) != (0, 0) { return 1; }
    }
    0
} }

in_both_modes! {
    fn errno_rounding_and_signal_mask_are_kept(mode) {
        for _ in 0..3 {
            assert_eq!(
                state_differs(sees_the_state::of(mode)),
                (0, 0),
                "bits: 1 errno, 2 rounding, 4 mask, 8 FP exceptions"
            );
        }
    }

    fn errno_rounding_and_signal_mask_are_kept_on_a_small_thread(mode) {
        let f = sees_the_state::of(mode);
        // SAFETY: the body expects the address of a callback.
        let result = unsafe {
            c::c_call_on_thread(32 * KIB, compares_the_state::of(Mode::Plain), f.0.cast_mut())
        };
        assert_eq!(result, 0);
    }
}
