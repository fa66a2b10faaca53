//! Lints of rustc.
#![warn(
    missing_docs,
    unused_qualifications,
    single_use_lifetimes,
    missing_debug_implementations,
    unreachable_pub
)]
#![warn(
    elided_lifetimes_in_paths,
    trivial_casts,
    unused_lifetimes,
    missing_abi,
    unsafe_code,
    unused_results,
    let_underscore_drop
)]
#![allow(clippy::all)]

use guarded_callback::guarded_callback;
use std::ffi::{c_int, c_void};

#[deprecated]
/// Old.
#[derive(Debug)]
#[repr(C)]
pub struct Old(pub [u8; 9]);

/// Borrows.
#[derive(Debug)]
#[repr(C)]
pub struct View<'a>(&'a c_int);

#[guarded_callback]
extern "C" fn dead(_value: c_int) {}

#[guarded_callback]
pub extern "C" fn undocumented() {}

/// Unused.
#[guarded_callback]
pub extern "C" fn unused(
    small: c_int,
    large: [u8; 99],
    (a, _b): (u8, u8),
    mut changed: c_int,
    _fine: c_int,
) {
    let local = 1;
    changed = 2;
    std::mem::size_of::<u8>();
    let mut never_changed = 3;
    never_changed;
}

/// Mutable.
#[guarded_callback]
pub extern "C" fn mutable(mut small: c_int, mut large: [u8; 99], mut text: String) -> usize {
    small as usize + large.len() + text.len()
}

/// Not for C.
#[guarded_callback(fallback = String::new())]
pub extern "C" fn improper(_text: &str, _pair: (i32, i32), _list: Vec<u8>) -> String {
    String::new()
}

/// Names.
#[guarded_callback]
pub extern "C" fn Names(smallValue: c_int, largeValue: View<'_>, mut Changed: c_int) -> c_int {
    Changed += 1;
    let Local = smallValue + *largeValue.0 + Changed;
    Local
}

/// Deprecated.
#[guarded_callback]
pub extern "C" fn deprecated(old: Old, _at: *const Old) -> Old {
    old
}

/// Qualified.
#[guarded_callback]
pub extern "C" fn qualified(
    _at: *mut std::ffi::c_void,
    value: std::ffi::c_int,
    old: self::View<'_>,
) -> std::ffi::c_int {
    value + *old.0
}

/// Lifetimes.
#[guarded_callback]
pub extern "C" fn lifetimes<'a, 'b>(view: View<'a>, other: View) -> c_int {
    *view.0 + *other.0
}

/// Unsafe.
#[guarded_callback]
pub unsafe extern "C" fn pointer(at: *const c_int, values: [c_int; 2]) -> c_int {
    *at + values[0]
}

/// Unreachable.
#[guarded_callback]
pub extern "C" fn unreachable(value: c_int) -> c_int {
    return value;
    2
}

/// No ABI.
#[guarded_callback]
pub extern "C" fn no_abi(value: c_int) -> c_int {
    value
}

/// Parentheses, casts, results.
#[guarded_callback]
pub extern "C" fn various(value: c_int, context: *mut c_void) -> (c_int) {
    let _ = (&value as *const c_int);
    if (value > 1) {
        Some(1).map(|x| x + 1);
    };
    let _ = context;
    let x: c_int = 5;
    while true {
        break;
    }
    (value)
}

/// A type.
pub struct Undebuggable(c_int);

impl Undebuggable {
    #[guarded_callback]
    pub extern "C" fn undocumented_method(self) -> c_int {
        self.0
    }

    #[guarded_callback]
    extern "C" fn dead_method(&self, unused: c_int) {}

    /// Mutable.
    #[guarded_callback]
    pub extern "C" fn mutable_self(mut self, other: Vec<c_int>) -> c_int {
        self.0
    }
}

mod private {
    #![allow(unused_imports)]
    #[guarded_callback::guarded_callback]
    pub extern "C" fn unreachable_pub() {}
}

#[guarded_callback]
extern "C" fn dead_and_recursive(value: c_int) -> c_int {
    if value > 0 { dead_and_recursive(value - 1) } else { 0 }
}

#[guarded_callback(fallback = -1)]
extern "C" fn dead_with_fallback(mut oddName: c_int) -> c_int {
    value_of(unused_result())
}

fn value_of(value: c_int) -> c_int {
    value
}

fn unused_result() -> c_int {
    1
}

#[guarded_callback]
pub extern "C" fn allowed(
    #[allow(non_snake_case)] Odd: c_int,
    #[allow(unused_variables)] unused: c_int,
    Other: c_int,
) -> c_int {
    Odd
}

/// Parentheses that the type needs.
#[guarded_callback]
pub fn in_parentheses<'a>(given: &'a c_int) -> &'a (impl Copy + ?Sized) {
    given
}

/// Other values with the names of the parameters.
#[guarded_callback(fallback = match 1 { given => given })]
pub extern "C" fn shadowed_by_the_fallback(given: c_int) -> c_int {
    given
}

/// As above.
#[guarded_callback(fallback = match 1 { given => given })]
pub extern "C" fn shadowed_and_unused(given: c_int) -> c_int {
    1
}

/// As above, in the tuple of all arguments.
#[guarded_callback(reserve = N, fallback = (|given: c_int| given)(1))]
pub extern "C" fn shadowed_in_a_tuple<const N: usize>(given: c_int) -> c_int {
    given
}

#[guarded_callback(reserve = N, fallback = given)]
pub extern "C" fn mentioned<const N: usize>(given: c_int, unused: c_int) -> c_int {
    given
}
