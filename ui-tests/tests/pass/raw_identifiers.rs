#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback(fallback = r#type)]
extern "C" fn r#match(r#type: i32, r#in: Vec<i32>) -> i32 {
    r#type + r#in.len() as i32
}

#[guarded_callback(fallback = r#number)]
extern "C" fn raw_in_the_fallback(number: i32) -> i32 {
    panic!("quiet {}", number)
}

#[guarded_callback(fallback = number)]
extern "C" fn raw_in_the_signature(r#number: i32) -> i32 {
    panic!("quiet {}", number)
}

#[guarded_callback(fallback = format!("{type}"))]
extern "C" fn in_a_format_string(r#type: i32) -> String {
    panic!("quiet {}", r#type)
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!((raw_in_the_fallback(2), raw_in_the_signature(3)), (2, 3));
    assert_eq!(in_a_format_string(4), "4");
    assert_eq!(r#match(1, vec![1]), 2);
}
