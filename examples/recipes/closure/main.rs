//! Any closure as a C callback: a generic trampoline, which keeps the payload of a panic.
//!
//! C has no panics. The trampoline catches one, keeps its payload beside the closure, and tells C
//! to stop; [`each`] resumes it once C has returned. So the caller sees the panic that the closure
//! made.

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use guarded_callback::guarded_callback;
use recipes::{Each, is_plain, library_each};

const STOP: c_int = 1;

/// What `user` points to.
struct Call<'a, F> {
    closure: &'a mut F,
    panic: Option<Box<dyn Any + Send>>,
}

/// The trampoline without the attribute.
///
/// # Safety
/// `user` points to a `Call<F>` that nobody else uses meanwhile.
unsafe extern "C" fn trampoline_plain<F: FnMut(c_int)>(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { call::<F>(index, user) }
}

/// The trampoline.
///
/// # Safety
/// As [`trampoline_plain`].
#[guarded_callback(reserve = "512 KiB")]
unsafe extern "C" fn trampoline<F: FnMut(c_int)>(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { call::<F>(index, user) }
}

/// # Safety
/// As [`trampoline_plain`].
unsafe fn call<F: FnMut(c_int)>(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    let call = unsafe { &mut *user.cast::<Call<'_, F>>() };
    match catch_unwind(AssertUnwindSafe(|| (call.closure)(index))) {
        Ok(()) => 0,
        Err(payload) => {
            call.panic = Some(payload);
            STOP
        }
    }
}

/// Calls `closure` with 0 .. `count` - 1 on a thread of the library's.
///
/// # Panics
/// With the panic of the closure.
fn each<F: FnMut(c_int) + Send>(count: c_int, mut closure: F) {
    let mut call = Call { closure: &mut closure, panic: None };
    let trampoline: Each = if is_plain() { trampoline_plain::<F> } else { trampoline::<F> };
    // SAFETY: the call outlives the library's thread, which is the only one that uses it; F is
    // Send.
    let status = unsafe { library_each(count, trampoline, (&raw mut call).cast()) };
    assert_eq!(status, 0, "the library made a thread");
    if let Some(payload) = call.panic {
        resume_unwind(payload);
    }
}

/// Uses 256 KiB of stack.
#[inline(never)]
fn digits(index: c_int) -> usize {
    let mut text = [b'0'; 256 * 1024];
    black_box(&mut text)[..index as usize].fill(b'1');
    text.iter().filter(|&&byte| byte == b'1').count()
}

fn main() {
    let mut sum = 0;
    each(100, |index| sum += digits(index));
    let caught =
        catch_unwind(|| each(100, |index| assert!(digits(index) < 30, "{index} is too many")));
    let payload = caught.expect_err("the closure panicked");
    let text = payload.downcast_ref::<String>().expect("a text");
    println!("closure: {sum} digits; the caller caught \"{text}\"");
}
