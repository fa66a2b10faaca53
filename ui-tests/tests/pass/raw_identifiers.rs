#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback(fallback = r#type)]
extern "C" fn r#match(r#type: i32, r#in: Vec<i32>) -> i32 {
    r#type + r#in.len() as i32
}

fn main() {
    assert_eq!(r#match(1, vec![1]), 2);
}
