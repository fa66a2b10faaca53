//! Lints that are off by default stay silent about the expansion too.
#![deny(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    let_underscore,
    keyword_idents
)]
#![deny(
    missing_docs,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts
)]
#![deny(
    unused_qualifications,
    unused_lifetimes,
    unused_results,
    unused_macro_rules,
    unused_import_braces,
    unreachable_pub
)]
#![deny(
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    non_ascii_idents,
    redundant_lifetimes,
    unit_bindings
)]
#![deny(
    variant_size_differences,
    macro_use_extern_crate,
    meta_variable_misuse,
    unsafe_op_in_unsafe_fn,
    ffi_unwind_calls
)]
#![allow(improper_ctypes_definitions, unreachable_pub)]

use guarded_callback::guarded_callback;

/// A callback.
#[guarded_callback(reserve = "64 KiB", fallback = -1)]
pub extern "C" fn with_fallback(small: i32, (a, b): (i32, i32), large: [i32; 90]) -> i32 {
    small + a + b + large[0]
}

/// A callback.
#[guarded_callback]
pub extern "C" fn callback(small: i32, mut other: i32, large: [i32; 90], list: Vec<i32>) -> i32 {
    other += 1;
    small + large[0] + other + list.len() as i32
}

/// A type.
#[derive(Debug)]
pub struct Type;

impl Type {
    /// A method.
    #[guarded_callback]
    pub extern "C" fn method(self, value: i32) -> i32 {
        value
    }
}

fn main() {
    assert_eq!(
        with_fallback(1, (1, 1), [1; 90]) + callback(1, 1, [1; 90], vec![1]) + Type.method(1),
        10
    );
}
