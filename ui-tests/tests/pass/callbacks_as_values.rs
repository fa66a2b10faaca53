#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::ffi::{c_int, c_void};

type Compare = unsafe extern "C" fn(*const c_void, *const c_void) -> c_int;

unsafe extern "C" {
    fn qsort(base: *mut c_void, count: usize, size: usize, compare: Option<Compare>);
}

#[guarded_callback]
unsafe extern "C" fn compare(left: *const c_void, right: *const c_void) -> c_int {
    let (left, right) = unsafe { (*left.cast::<c_int>(), *right.cast::<c_int>()) };
    left.cmp(&right) as c_int
}

struct Table {
    compare: Compare,
}

static TABLE: Table = Table { compare };
const SAME: Compare = compare;

fn main() {
    let mut values: [c_int; 5] = [3, 1, 5, 2, 4];
    unsafe {
        qsort(values.as_mut_ptr().cast(), 5, std::mem::size_of::<c_int>(), Some(TABLE.compare))
    };
    assert_eq!(values, [1, 2, 3, 4, 5]);
    assert_eq!(SAME as usize, TABLE.compare as usize);
}
