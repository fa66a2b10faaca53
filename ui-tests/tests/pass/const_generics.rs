#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[repr(C)]
struct Buffer<const N: usize>([u8; N]);

#[guarded_callback]
extern "C" fn sum<const N: usize, const NEGATE: bool>(buffer: Buffer<N>, scale: i32) -> i32 {
    let sum: i32 = buffer.0.iter().map(|byte| i32::from(*byte)).sum();
    if NEGATE { -sum * scale } else { sum * scale }
}

fn main() {
    assert_eq!(sum::<3, true>(Buffer([1, 2, 3]), 10), -60);
}
