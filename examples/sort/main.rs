//! `qsort` of the C library with a comparator, on the main thread: there is always room, and the
//! guard costs next to nothing.

use core::ffi::{c_int, c_void};
use std::time::{Duration, Instant};

use guarded_callback::guarded_callback;

/// `struct table_row` of library.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct Row {
    score: f64,
    id: u64,
}

/// `table_order` of library.h.
type Order = unsafe extern "C" fn(left: *const c_void, right: *const c_void) -> c_int;

unsafe extern "C" {
    fn table_sort(rows: *mut Row, count: usize, order: Order);
}

const ROWS: u64 = 300_000;
const ROUNDS: usize = 5;

/// By score, and by id where the scores are equal.
#[inline(always)]
fn compare(left: &Row, right: &Row) -> c_int {
    left.score.total_cmp(&right.score).then(left.id.cmp(&right.id)) as c_int
}

/// The comparator as it would be written without the attribute.
///
/// # Safety
/// Both point to a [`Row`].
unsafe extern "C" fn order_plain(left: *const c_void, right: *const c_void) -> c_int {
    // SAFETY: the library passes elements of the array that it sorts.
    unsafe { compare(&*left.cast(), &*right.cast()) }
}

/// The same comparator with the attribute.
///
/// # Safety
/// As [`order_plain`].
#[guarded_callback]
unsafe extern "C" fn order_guarded(left: *const c_void, right: *const c_void) -> c_int {
    // SAFETY: as in `order_plain`.
    unsafe { compare(&*left.cast(), &*right.cast()) }
}

/// Rows in no order, the same in every run: Knuth's multiplicative generator.
fn shuffled() -> Vec<Row> {
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 44) as f64
    };
    (0..ROWS).map(|id| Row { score: next(), id }).collect()
}

/// Sorts a copy of `rows` and returns how long that took.
fn timed_sort(rows: &[Row], order: Order) -> Duration {
    let mut sorted = rows.to_vec();
    let start = Instant::now();
    // SAFETY: the pointer and the length are those of `sorted`, which nobody else uses meanwhile.
    unsafe { table_sort(sorted.as_mut_ptr(), sorted.len(), order) };
    let took = start.elapsed();
    assert!(sorted.is_sorted_by(|left, right| compare(left, right) < 0));
    took
}

/// Runs the story, with the plain comparator when the argument `plain` is given.
pub(crate) fn main() {
    let order: Order = if examples::is_plain() { order_plain } else { order_guarded };
    let rows = shuffled();
    // The fastest round is the one that shared the processor least.
    let fastest = (0..ROUNDS).map(|_| timed_sort(&rows, order)).min().expect("there are rounds");
    println!("sort: {ROWS} rows in order, in {} ms", fastest.as_millis());
}
