#![deny(warnings)]
#![allow(improper_ctypes_definitions)]
#![forbid(unsafe_code)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(small: i32, large: [u64; 100], dropped: Vec<u8>) -> u64 {
    u64::from(small.unsigned_abs()) + large[99] + dropped.len() as u64
}

#[guarded_callback(fallback = 0)]
extern "C" fn with_fallback(small: i32, large: [u64; 100], dropped: Vec<u8>) -> u64 {
    u64::from(small.unsigned_abs()) + large[99] + dropped.len() as u64
}

fn main() {
    assert_eq!(callback(1, [1; 100], vec![1]), 3);
    assert_eq!(with_fallback(1, [1; 100], vec![1]), 3);
}
