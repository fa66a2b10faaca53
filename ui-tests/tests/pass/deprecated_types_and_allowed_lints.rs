#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[deprecated]
#[derive(Clone)]
pub struct Old(pub Vec<i32>);

#[guarded_callback]
#[allow(deprecated)]
extern "C" fn callback(old: Old) -> Old {
    old
}

fn main() {
    #[allow(deprecated)]
    let old = callback(Old(vec![1]));
    #[allow(deprecated)]
    let length = old.0.len();
    assert_eq!(length, 1);
}
