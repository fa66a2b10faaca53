#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
/// Documented.
#[cold]
#[inline]
#[must_use]
#[deprecated = "for the test"]
#[doc(hidden)]
#[allow(non_snake_case)]
#[expect(unused_variables, reason = "it is")]
extern "C" fn Odd(unused: i32) -> i32 {
    2
}

#[cfg(any())]
#[guarded_callback]
extern "C" fn not_there(_: Absent) {}

#[guarded_callback]
#[cfg(any())]
extern "C" fn absent_too(_: Absent) {}

#[cfg_attr(all(), guarded_callback(reserve = "64 KiB"))]
extern "C" fn conditional(value: i32) -> i32 {
    value
}

#[guarded_callback]
#[cfg_attr(all(), inline(never))]
#[cfg_attr(any(), no_such_attribute)]
extern "C" fn more(value: i32) -> i32 {
    value
}

fn main() {
    #[allow(deprecated)]
    let two = Odd(1);
    assert_eq!(two + conditional(1) + more(1), 4);
}
