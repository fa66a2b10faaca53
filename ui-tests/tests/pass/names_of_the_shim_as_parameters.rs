//! Parameters may have the names that the shim uses itself.
#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback(switch = always)]
extern "C" fn pointer(big: [u8; 64], pointer0: *const [u8; 64], handed0: u8) -> u8 {
    big[0] * 100 + unsafe { (*pointer0)[0] } * 10 + handed0
}

#[guarded_callback(switch = always, fallback = 0)]
extern "C" fn pointer_or(big: [u8; 64], pointer0: *const [u8; 64], handed0: u8) -> u8 {
    big[0] * 100 + unsafe { (*pointer0)[0] } * 10 + handed0
}

#[guarded_callback(switch = always)]
extern "C" fn argument(__arg1: i32, (a, b): (i32, i32), body: i32, call: i32) -> i32 {
    __arg1 + a + b + body + call
}

#[guarded_callback(switch = always)]
#[unsafe(no_mangle)]
extern "C" fn xmm0(value: i32) -> i32 {
    value
}

#[guarded_callback(switch = always)]
#[unsafe(export_name = "a name with blanks")]
extern "C" fn blanks(value: i32) -> i32 {
    value
}

fn main() {
    assert_eq!(pointer([1; 64], &[2; 64], 3), 123);
    assert_eq!(pointer_or([1; 64], &[2; 64], 3), 123);
    assert_eq!(argument(1, (2, 3), 4, 5), 15);
    assert_eq!(xmm0(1) + blanks(1), 2);
}
