#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

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

fn main() {
    assert_eq!((when_low(), always(), never()), (false, true, false));
}
