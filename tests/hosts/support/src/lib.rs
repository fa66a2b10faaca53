//! What the bodies of all extensions do: use stack, and check that they run on the stack that their
//! mode promises.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::ptr::null_mut;

thread_local! {
    /// 4 KiB of thread-locals in each extension, as one with many crates has.
    static LOCALS: Cell<[u64; 512]> = const { Cell::new([0; 512]) };
}

/// Uses a frame of `BYTES`; the result depends on all of it.
#[inline(never)]
pub fn spend<const BYTES: usize>(seed: i64) -> i64 {
    LOCALS.with(|locals| black_box(locals).swap(&Cell::new([1; 512])));
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

unsafe extern "C" {
    fn pthread_attr_init(attributes: *mut [u64; 8]) -> c_int;
    fn pthread_attr_setstacksize(attributes: *mut [u64; 8], bytes: usize) -> c_int;
    fn pthread_create(
        thread: *mut usize,
        attributes: *const [u64; 8],
        f: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int;
    fn pthread_join(thread: usize, result: *mut *mut c_void) -> c_int;
}

/// Runs `f` with `argument` on a thread of C's with a stack of `bytes`, and returns its result.
///
/// # Safety
/// `f` can be called with `argument` on another thread while this one waits.
///
/// # Panics
/// When the thread cannot be made.
pub unsafe fn on_c_thread(
    bytes: usize,
    f: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> *mut c_void {
    let (mut attributes, mut thread, mut result) = ([0; 8], 0, null_mut());
    // SAFETY: 64 bytes are more than pthread_attr_t has; the rest is the caller's promise.
    unsafe {
        pthread_attr_init(&mut attributes);
        pthread_attr_setstacksize(&mut attributes, bytes);
        assert_eq!(pthread_create(&mut thread, &attributes, f, argument), 0);
        pthread_join(thread, &mut result);
    }
    result
}
