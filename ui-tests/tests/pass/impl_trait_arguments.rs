#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::fmt::Display;

#[guarded_callback]
extern "C" fn show(
    value: impl Display,
    all: &[impl Display],
    boxed: Box<impl Display + ?Sized>,
) -> usize {
    value.to_string().len() + all.len() + boxed.to_string().len()
}

fn main() {
    assert_eq!(show(String::from("abc"), &[1, 2], Box::new("x")), 6);
}
