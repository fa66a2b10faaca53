//! The chain of frame pointers, as profilers follow it, from inside a body to C, downwards
//! and upwards in addresses. Compiled with frame pointers everywhere:
//! `RUSTFLAGS=-Cforce-frame-pointers=yes cargo test -p tests --features frame_pointers --test
//! frame_pointers`.
#![cfg(all(feature = "frame_pointers", target_arch = "x86_64", unix))]

use core::ffi::{c_int, c_void};

use guarded_callback::{StackBounds, on_system_stack};
use tests::{CCallback, FREE_PLACES, SYSTEM_STACK_BYTES, c, callback, in_both_modes, to_c};

const KIB: usize = 1024;

/// Calls `f` where both modes switch, on a thread of the test or on one below all system stacks.
fn call(upwards: bool, f: CCallback, arg: *mut c_void) -> c_int {
    if upwards {
        // SAFETY: the body gets what the test passes.
        return unsafe { c::c_call_on_thread_at(FREE_PLACES[1], 64 * KIB, f, arg) };
    }
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: as above.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

callback! { "C" fn walks(arg) {
    assert!(on_system_stack());
    // SAFETY: the test passes the address of a frame.
    unsafe { c::c_walk_frame_pointers(*arg.cast::<usize>()) }
} }

callback! { "C" [reserve = SYSTEM_STACK_BYTES / 4 * 3] fn walks_from_a_further_stack(arg) {
    // SAFETY: as above.
    unsafe { c::c_walk_frame_pointers(*arg.cast::<usize>()) }
} }

/// What the walk passes, and where it has to come to.
struct Walk {
    body: CCallback,
    inner: CCallback,
    outermost: usize,
}

callback! { "C" fn passes_on(arg) {
    // SAFETY: the test passes this.
    let walk = unsafe { &mut *arg.cast::<Walk>() };
    // SAFETY: the inner body expects the address of a frame.
    unsafe {
        c::c_call_with_frame(SYSTEM_STACK_BYTES / 8 * 3, walk.inner, to_c(&mut walk.outermost))
    }
} }

/// The frame that the walk has to come to: it calls, where both modes switch.
#[inline(never)]
extern "C" fn outermost(arg: *mut c_void) -> c_int {
    // SAFETY: the test passes this.
    let walk = unsafe { &mut *arg.cast::<Walk>() };
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, rbp", out(reg) walk.outermost, options(nomem, nostack)) };
    let arg = if walk.inner == walk.body { to_c(&mut walk.outermost) } else { arg };
    // The first callback of a thread takes another way than those after it.
    // SAFETY: the body expects one of the two.
    (0..2).map(|_| unsafe { c::c_call(walk.body, arg) }).min().expect("two")
}

fn walk(upwards: bool, body: CCallback, inner: CCallback) -> c_int {
    let mut walk = Walk { body, inner, outermost: 0 };
    call(upwards, CCallback(outermost as *const c_void), to_c(&mut walk))
}

in_both_modes! {
    fn chain_of_frame_pointers_crosses_the_switch(mode) {
        for upwards in [false, true] {
            // The walker, the body, the switch, `c_call`: at least.
            assert!(walk(upwards, walks::of(mode), walks::of(mode)) >= 3);
        }
    }

    fn chain_of_frame_pointers_crosses_the_second_switch(mode) {
        for upwards in [false, true] {
            assert!(walk(upwards, passes_on::of(mode), walks_from_a_further_stack::of(mode)) >= 6);
        }
    }
}
