#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

mod helpers {
    pub fn body() -> i32 {
        1
    }
    pub fn typed() -> i32 {
        1
    }
}

use helpers::{body, typed};

#[guarded_callback]
#[allow(non_snake_case)]
extern "C" fn callback(A0: Vec<R>, F: Vec<A1>) -> i32 {
    body() + typed() + A0.len() as i32 + F.len() as i32
}

struct R;
struct A1;

fn main() {
    assert_eq!(callback(vec![R], vec![A1]), 4);
}
