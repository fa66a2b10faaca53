#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

mod core {}
mod std {}
mod guarded_callback {}

#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
trait FnOnce {}
#[allow(dead_code)]
trait Drop {}
#[allow(dead_code)]
struct Some;
#[allow(non_camel_case_types, dead_code)]
struct usize;
#[allow(non_camel_case_types, dead_code)]
struct bool;
#[allow(unused_macros)]
macro_rules! concat {
    () => {};
}
#[allow(unused_macros)]
macro_rules! module_path {
    () => {};
}
#[allow(dead_code)]
fn guard() {}
#[allow(dead_code)]
const BODY: () = ();

#[::guarded_callback::guarded_callback(reserve = 64 * 1024, fallback = -1)]
extern "C" fn callback(
    body: i32,
    call: [i32; 2],
    holder1: ::std::string::String,
    (pointer3, _): (i32, i32),
) -> i32 {
    body + call[0] + holder1.len() as i32 + pointer3
}

#[::guarded_callback::guarded_callback]
extern "C" fn naked(body: i32, front: i32) -> i32 {
    body + front
}

struct Plain(i32);

#[::guarded_callback::guarded_callback]
extern "C" fn compiled(body: i32, front: Plain, body_of: i32) -> i32 {
    body + front.0 + body_of
}

fn main() {
    assert_eq!(naked(1, 1), 2);
    assert_eq!(compiled(1, Plain(1), 1), 3);
    assert_eq!(callback(1, [1, 1], ::std::string::String::new(), (1, 1)), 3);
}
