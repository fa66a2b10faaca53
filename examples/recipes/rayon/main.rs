//! Rayon from a body: the library's thread waits in the body while the pool works.
//!
//! Rayon's own threads have stacks of their own. What runs on the calling thread is the body's
//! frame, the first use of
//! the pool, and whatever Rayon lets this thread do while it waits: more than 64 KiB.

use std::ffi::{c_int, c_void};
use std::hint::black_box;

use guarded_callback::guarded_callback;
use rayon::prelude::*;
use recipes::{is_plain, library_each};

/// The callback without the attribute.
///
/// # Safety
/// `user` points to an [`u64`] that nobody else uses meanwhile.
unsafe extern "C" fn sum_plain(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    sum_squares(index, unsafe { &mut *user.cast() })
}

/// The callback.
///
/// # Safety
/// As [`sum_plain`].
#[guarded_callback(reserve = "512 KiB")]
unsafe extern "C" fn sum(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    sum_squares(index, unsafe { &mut *user.cast() })
}

#[inline(never)]
fn sum_squares(index: c_int, total: &mut u64) -> c_int {
    let mut numbers = [0_u64; 16 * 1024];
    black_box(&mut numbers)
        .par_iter_mut()
        .enumerate()
        .for_each(|(i, n)| *n = (i as u64 + index as u64) % 100);
    *total += numbers.par_iter().map(|n| n * n).sum::<u64>();
    0
}

fn main() {
    let mut total = 0_u64;
    let each = if is_plain() { sum_plain } else { sum };
    // SAFETY: the sum outlives the library's thread, which is the only one that uses it.
    let status = unsafe { library_each(50, each, (&raw mut total).cast()) };
    assert_eq!(status, 0, "the library made a thread");
    println!("rayon: 50 callbacks, the sum of squares is {total}");
}
