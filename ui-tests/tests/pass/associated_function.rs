#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

struct Adder<const BY: i32>;

impl<const BY: i32> Adder<BY> {
    const START: i32 = 1;

    #[guarded_callback]
    extern "C" fn add(to: i32) -> i32 {
        Self::START + to + BY
    }
}

fn main() {
    assert_eq!(Adder::<2>::add(3), 6);
}
