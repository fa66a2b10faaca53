#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::ffi::c_int;
use std::ptr::null_mut;

#[guarded_callback(fallback = -1)]
extern "C" fn number(fail: bool) -> c_int {
    assert!(!fail, "quiet");
    1
}

#[guarded_callback(fallback = ())]
extern "C" fn unit(fail: bool) {
    assert!(!fail, "quiet");
}

#[guarded_callback(fallback = null_mut())]
extern "C" fn pointer(_at: *mut u8) -> *mut u8 {
    panic!("quiet")
}

#[guarded_callback(fallback = { let doubled = value * 2; doubled + extra })]
extern "C" fn uses_parameters(value: i32, mut extra: i32, _dropped: String) -> i32 {
    extra += 1;
    panic!("quiet {}", extra)
}

#[guarded_callback(fallback = if value { Some(1) } else { None }, reserve = "64 KiB")]
extern "C-unwind" fn option(value: bool) -> Option<i32> {
    panic!("quiet {}", value)
}

#[guarded_callback(fallback = |_, _| 7)]
extern "C" fn closure() -> fn(i32, i32) -> i32 {
    panic!("quiet")
}

#[guarded_callback(fallback = Vec::<(u8, u8)>::with_capacity(9), switch = always)]
extern "C" fn turbofish() -> Vec<(u8, u8)> {
    panic!("quiet")
}

#[guarded_callback(
    fallback = <Result<i32, i32> as Into<Result<i32, i32>>>::into(Err(1)),
    switch = always
)]
extern "C" fn qualified() -> Result<i32, i32> {
    panic!("quiet")
}

#[guarded_callback(fallback = unsafe { std::mem::zeroed() })]
extern "C" fn zeroed() -> [u8; 4] {
    panic!("quiet")
}

#[guarded_callback(fallback = 1 < 2, switch = always)]
extern "C" fn comparison() -> bool {
    panic!("quiet")
}

#[guarded_callback(fallback = [0; 3])]
extern "C" fn large_argument(values: [i32; 3], fail: bool) -> [i32; 3] {
    assert!(!fail, "quiet");
    values
}

#[guarded_callback(fallback = if value > 1 { 1 } else { 2 } + 1)]
extern "C" fn begins_with_if(value: i32) -> i32 {
    panic!("quiet {}", value)
}

#[guarded_callback(
    reserve = if cfg!(unix) { 2 } else { 1 } * 64 * 1024,
    fallback = unsafe { (&raw const value).read() } as u8 + 1
)]
extern "C" fn begins_with_unsafe(value: i32) -> u8 {
    panic!("quiet {}", value)
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!((number(true), number(false)), (-1, 1));
    unit(true);
    unit(false);
    assert!(pointer(null_mut()).is_null());
    assert_eq!(uses_parameters(2, 3, "x".into()), 7);
    assert_eq!(option(true), Some(1));
    assert_eq!(closure()(1, 2), 7);
    assert!(turbofish().capacity() >= 9);
    assert_eq!(qualified(), Err(1));
    assert_eq!(zeroed(), [0; 4]);
    assert!(comparison());
    assert_eq!((begins_with_if(1), begins_with_unsafe(1)), (3, 2));
    assert_eq!((large_argument([1; 3], true), large_argument([1; 3], false)), ([0; 3], [1; 3]));
}
