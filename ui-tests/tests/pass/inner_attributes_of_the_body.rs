#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: i32) -> i32 {
    //! Documented from inside.
    #![allow(unused_variables)]
    #![allow(non_snake_case)]
    let Unused = value;
    value
}

fn main() {
    assert_eq!(callback(1), 1);
}
