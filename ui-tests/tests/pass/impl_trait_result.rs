#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn numbers(up_to: u32) -> impl Iterator<Item = u32> {
    0..up_to
}

fn main() {
    assert_eq!(numbers(4).sum::<u32>(), 6);
}
