#![deny(warnings)]
#![allow(improper_ctypes_definitions)]
#![no_implicit_prelude]

use ::guarded_callback::guarded_callback;

use ::std::assert_eq;
use ::std::vec::Vec;

#[guarded_callback(reserve = "64 KiB", fallback = -1)]
extern "C" fn callback(small: i32, large: Vec<i32>, (a, b): (i32, i32)) -> i32 {
    small + large.len() as i32 + a + b
}

fn main() {
    assert_eq!(callback(1, Vec::new(), (1, 1)), 3);
}
