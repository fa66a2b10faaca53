#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

struct Twice;

#[guarded_callback]
#[guarded_callback(reserve = "64 KiB")]
extern "C" fn annotated_twice(value: String, _other: i32) -> usize {
    let _ = Twice;
    value.len()
}

#[test]
fn unrelated() {}

fn main() {
    assert_eq!(annotated_twice("ab".into(), 1), 2);
}
