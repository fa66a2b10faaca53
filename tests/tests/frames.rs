//! The unwinder of C and C++ walks from inside a body to the end of the thread, downwards and
//! upwards in addresses.
#![cfg(all(unix, not(target_family = "wasm")))]

use core::ffi::{c_int, c_void};

use guarded_callback::{StackBounds, on_system_stack};
use tests::{CCallback, FREE_PLACES, SYSTEM_STACK_BYTES, c, callback, in_both_modes, to_c};

const KIB: usize = 1024;

callback! { "C" fn unwinds(arg) {
    assert!(on_system_stack());
    // SAFETY: the test passes the address of a function.
    unsafe { c::c_unwind_over(arg) }
} }

/// The first callback of a thread takes another way than those after it.
extern "C" fn calls_twice(arg: *mut c_void) -> c_int {
    // SAFETY: the test passes a callback and its argument.
    let (f, arg) = unsafe { *arg.cast::<(CCallback, *mut c_void)>() };
    // SAFETY: as above.
    let results = [(); 2].map(|()| unsafe { c::c_call(f, arg) });
    if results[0] == results[1] { results[0] } else { -9 }
}

/// Calls `f` where both modes switch, on a thread of the test or on one below all system stacks.
fn call(upwards: bool, f: CCallback, arg: *mut c_void) -> c_int {
    let mut twice = (f, arg);
    let (f, arg) = (CCallback(calls_twice as *const c_void), to_c(&mut twice));
    if upwards {
        // The least that glibc accepts on aarch64 and powerpc64; with its first frames gone it is
        // too little for the body. SAFETY: the body gets what the test passes.
        return unsafe { c::c_call_on_thread_at(FREE_PLACES[1], 128 * KIB, f, arg) };
    }
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: as above.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

// A body in between, so that there are two switches in a row: C calls the inner one with a frame of
// its own.
callback! { "C" [reserve = SYSTEM_STACK_BYTES / 4 * 3] fn unwinds_from_a_further_stack(arg) {
    assert!(on_system_stack());
    // SAFETY: as above.
    unsafe { c::c_unwind_over(arg) }
} }

callback! { "C" fn calls_another(arg) {
    // SAFETY: the test passes the inner callback, which gets the address of a function.
    unsafe {
        c::c_call_with_frame(
            SYSTEM_STACK_BYTES / 8 * 3,
            *arg.cast::<CCallback>(),
            c::c_call_with_left as *mut c_void,
        )
    }
} }

in_both_modes! {
    fn cpp_unwinder_crosses_the_switch(mode) {
        assert_eq!(call(false, unwinds::of(mode), c::c_call_with_left as *mut c_void), 1);
    }

    fn cpp_unwinder_crosses_a_switch_upwards(mode) {
        // The thread begins in C's `run`, which calls: it is met by its name in
        // tests/main_thread.rs. Here the walk has to come to its end.
        assert_eq!(call(true, unwinds::of(mode), c::c_unwind_over as *mut c_void), 1);
    }

    fn cpp_unwinder_crosses_the_second_switch(mode) {
        let mut inner = unwinds_from_a_further_stack::of(mode);
        assert_eq!(call(false, calls_another::of(mode), to_c(&mut inner)), 1);
    }
}
