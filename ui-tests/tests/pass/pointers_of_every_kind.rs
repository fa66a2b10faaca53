#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;

#[guarded_callback]
unsafe extern "C" fn all(
    context: *mut c_void,
    text: *const c_char,
    function: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    bare: fn() -> c_int,
    some: Option<NonNull<c_void>>,
    array: &mut [c_int; 2],
    object: &dyn Fn() -> c_int,
    exclusive: &mut dyn FnMut(),
) -> c_int {
    array[0] = 1;
    exclusive();
    let length = unsafe { CStr::from_ptr(text) }.count_bytes() as c_int;
    let called = function.map_or(0, |function| unsafe { function(context) });
    length + called + bare() + c_int::from(some.is_none()) + object()
}

unsafe extern "C" fn one(_: *mut c_void) -> c_int {
    1
}

fn main() {
    let mut array = [0; 2];
    let mut called = false;
    let sum = unsafe {
        all(
            std::ptr::null_mut(),
            b"abc\0".as_ptr().cast(),
            Some(one),
            || 1,
            None,
            &mut array,
            &|| 1,
            &mut || called = true,
        )
    };
    assert_eq!((sum, array, called), (7, [1, 0], true));
}
