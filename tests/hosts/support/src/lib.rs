//! What the bodies of all extensions do: use stack, and check that they run on the stack that their
//! mode promises.

use std::hint::black_box;

/// Uses a frame of `BYTES`; the result depends on all of it.
#[inline(never)]
pub fn spend<const BYTES: usize>(seed: i64) -> i64 {
    let mut frame = [0_u8; BYTES];
    for (i, byte) in black_box(&mut frame).iter_mut().enumerate() {
        *byte = (i as u8).wrapping_mul(7).wrapping_add(seed as u8);
    }
    let sum = black_box(&frame).iter().step_by(61).fold(0_i64, |sum, &byte| sum + i64::from(byte));
    seed.wrapping_mul(31).wrapping_add(sum)
}

/// Panics where a body of this mode must not run: called at the start of each body.
///
/// A build with `always` whose bodies run in place, or one with `check` whose bodies are moved,
/// tests nothing.
#[inline]
pub fn assert_stack_of_mode() {
    #[cfg(feature = "always")]
    assert!(guarded_callback::on_system_stack(), "`always` runs on a system stack");
    #[cfg(feature = "in-place")]
    assert!(!guarded_callback::on_system_stack(), "the check-only way never leaves the stack");
}

/// Calls back into a host that checks its stack.
#[inline]
pub fn on_host_stack<R>(call: impl FnOnce() -> R) -> R {
    #[cfg(feature = "guarded")]
    return guarded_callback::on_host_stack(call);
    #[cfg(not(feature = "guarded"))]
    return call();
}
