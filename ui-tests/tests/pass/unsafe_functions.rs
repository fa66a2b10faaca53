#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
unsafe extern "C" fn read(at: *const i32) -> i32 {
    unsafe { *at }
}

#[guarded_callback]
#[allow(unsafe_op_in_unsafe_fn)]
unsafe extern "C" fn old_style(at: *const i32, values: [i32; 2]) -> i32 {
    *at + values[0]
}

fn main() {
    assert_eq!(unsafe { read(&1) + old_style(&1, [1, 2]) }, 3);
}
