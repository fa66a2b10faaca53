//! What the ABI asks of a function that is called: the registers it must keep, the alignment of SP
//! in its body, and where it finds its arguments.

use core::ffi::c_int;
use core::ptr;

use guarded_callback::{StackBounds, on_system_stack};
use tests::{Mode, c, callback, in_both_modes, many, to_c, use_stack};

const KIB: usize = 1024;

/// As aligned as SP must be at every call. The compiler takes that for granted and aligns nothing
/// by itself.
#[cfg_attr(any(target_arch = "arm", target_arch = "s390x"), repr(align(8)))]
#[cfg_attr(not(any(target_arch = "arm", target_arch = "s390x")), repr(align(16)))]
struct Aligned([u8; 48]);

#[inline(never)]
fn misaligned() -> bool {
    let mut local = Aligned([1; 48]);
    let address = core::hint::black_box(&mut local.0).as_ptr().addr();
    !address.is_multiple_of(align_of::<Aligned>())
}

callback! { "C" fn is_misaligned(_arg) { c_int::from(misaligned()) } }

callback! { "C" fn works(_arg) {
    // Floating-point and vector registers are used as well.
    let numbers: [f64; 24] = core::array::from_fn(|i| core::hint::black_box(i as f64) * 1.5);
    let sum = core::hint::black_box(&numbers).iter().fold(0.0, |sum, number| sum + number * number);
    if sum < 1.0 || !on_system_stack() { 1 } else { use_stack(100 * KIB) }
} }

/// Calls where both modes switch.
fn far_down(f: tests::CCallback, arg: *mut core::ffi::c_void) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the caller passes what the body expects.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

in_both_modes! {
    fn registers_that_a_callee_must_keep_are_kept(mode) {
        callback! { "C" fn outer(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            // First use, and warm.
            for _ in 0..3 {
                // SAFETY: the body does not use its argument.
                let changed = unsafe { c::c_call_with_registers(works::of(mode), ptr::null_mut()) };
                if changed != 0 { return changed; }
            }
            0
        } }
        let mut mode = mode;
        assert_eq!(
            far_down(outer::of(Mode::Plain), to_c(&mut mode)),
            0,
            "registers changed; -1: the body failed"
        );
    }

    fn stack_pointer_of_a_body_is_aligned(mode) {
        for _ in 0..3 {
            assert_eq!(far_down(is_misaligned::of(mode), ptr::null_mut()), 0);
        }
    }

    fn arguments_on_the_stack_reach_a_switched_body(mode) {
        callback! { "C" fn calls_with_many(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            // First use, and warm.
            // SAFETY: the body has no payload to panic with.
            (0..3).map(|_| unsafe { c::c_call_with_many(many::of(mode), ptr::null_mut()) }).sum()
        } }
        let mut mode = mode;
        let wrong = far_down(calls_with_many::of(Mode::Plain), to_c(&mut mode));
        assert_eq!(wrong, 0, "arguments were wrong");
    }
}
