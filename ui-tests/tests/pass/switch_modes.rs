#![deny(warnings)]
#![allow(improper_ctypes_definitions, non_camel_case_types)]

use guarded_callback::guarded_callback;

#[guarded_callback(switch = when_low)]
extern "C" fn when_low() -> bool {
    guarded_callback::on_system_stack()
}

#[guarded_callback(switch = always)]
extern "C" fn always() -> bool {
    guarded_callback::on_system_stack()
}

#[guarded_callback(switch = never)]
extern "C" fn never() -> bool {
    guarded_callback::on_system_stack()
}

/// As in the headers of some C libraries.
type str = i32;

#[guarded_callback(switch = always)]
extern "C" fn named_like_a_type_without_size(length: str) -> bool {
    guarded_callback::on_system_stack() && length == 2
}

fn main() {
    assert_eq!((when_low(), always(), never()), (false, true, false));
    assert!(named_like_a_type_without_size(2));
}
