//! Lints that do not fire behind the attribute.

use guarded_callback::guarded_callback;
use std::ffi::c_int;

#[guarded_callback]
pub extern "C" fn recursion(value: c_int) -> c_int {
    recursion(value)
}
