#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn apply(
    function: for<'a> extern "C" fn(&'a i32) -> &'a i32,
    boxed: Box<dyn for<'a> Fn(&'a i32) -> &'a i32>,
    value: &i32,
) -> i32 {
    *function(value) + *boxed(value)
}

#[guarded_callback]
extern "C" fn bounded<F>(function: F) -> usize
where
    for<'a> F: Fn(&'a str) -> &'a str,
{
    function("four").len()
}

#[guarded_callback]
extern "C" fn itself(value: &i32) -> &i32 {
    value
}

fn main() {
    assert_eq!(apply(itself, Box::new(|value| value), &2), 4);
    assert_eq!(bounded(|text| text), 4);
}
