//! Lints of clippy that are on by default.

use guarded_callback::guarded_callback;
use std::ffi::{c_int, c_void};

#[guarded_callback]
pub extern "C" fn reads_a_pointer(at: *const c_int) -> c_int {
    unsafe { *at }
}

#[guarded_callback]
pub extern "C" fn reads_a_pointer_and_more(at: *const c_int, text: String) -> c_int {
    unsafe { *at + text.len() as c_int }
}

#[guarded_callback]
pub unsafe extern "C" fn no_safety_section(at: *const c_int) -> c_int {
    unsafe { *at }
}

#[guarded_callback]
pub extern "C" fn many(
    a: c_int,
    b: c_int,
    c: c_int,
    d: c_int,
    e: c_int,
    f: c_int,
    g: c_int,
    h: c_int,
) -> c_int {
    a + b + c + d + e + f + g + h
}

#[guarded_callback]
pub extern "C" fn returns(value: c_int, values: [c_int; 3]) -> c_int {
    let sum = value + values[0];
    return sum;
}

#[guarded_callback]
pub extern "C" fn let_and_return(value: c_int) -> c_int {
    let sum = value + 1;
    sum
}

#[guarded_callback]
pub extern "C" fn unit() -> () {}

#[guarded_callback(fallback = ())]
pub extern "C" fn unit_with_fallback(flag: bool) {
    if flag == true {
        return;
    }
}

#[guarded_callback]
pub extern "C" fn loops(values: &[c_int], list: Vec<c_int>) -> c_int {
    let mut sum = 0;
    for i in 0..values.len() {
        sum += values[i];
    }
    for value in list.iter() {
        sum = sum + value;
    }
    sum
}

#[guarded_callback]
pub extern "C" fn types(
    _deep: Option<Box<Vec<Option<Box<dyn Fn(Vec<Box<u8>>) -> Result<Vec<u8>, Box<u8>>>>>>>,
    list: &Vec<c_int>,
) -> usize {
    list.len()
}

#[guarded_callback]
pub extern "C" fn strings(text: &String, boxed: Box<c_int>) -> usize {
    text.len() + format!("{}", *boxed).len() + "a".to_string().to_string().len()
}

#[guarded_callback]
pub extern "C" fn branches(value: c_int, other: Option<c_int>) -> bool {
    if value > 1 {
        return true;
    } else {
        if let Some(_) = other {
            return false;
        }
    }
    match other {
        Some(1) => true,
        _ => false,
    }
}

#[guarded_callback]
pub extern "C" fn clones(value: c_int, context: *mut c_void) -> *mut c_void {
    let _ = value.clone();
    context as *mut c_void
}

#[guarded_callback]
pub extern "C" fn nothing_wrong(
    mut value: c_int,
    (a, b): (c_int, c_int),
    large: [c_int; 99],
    list: Vec<c_int>,
) -> c_int {
    value += a;
    value + b + large[1] + list[0]
}

pub struct Value(c_int);

impl Value {
    #[guarded_callback]
    pub extern "C" fn new() -> c_int {
        1
    }

    #[guarded_callback]
    pub extern "C" fn to_other(self) -> c_int {
        self.0
    }

    #[guarded_callback]
    pub extern "C" fn is_fine(self: Box<Self>, text: String) -> bool {
        if self.0 > 1 { true } else { text.is_empty() }
    }

    #[guarded_callback]
    pub extern "C" fn next(&mut self) -> Option<c_int> {
        Some(self.0)
    }
}

#[guarded_callback]
pub extern "C" fn lifetimes_in<'a>(value: &'a c_int) -> c_int {
    *value
}

#[guarded_callback]
pub extern "C" fn lifetime_of_the_result<'a>(value: &'a c_int) -> &'a c_int {
    value
}

#[guarded_callback(fallback = None)]
pub fn lifetime_beside_a_fallback<'a>(value: &'a str) -> Option<Box<dyn AsRef<str> + 'a>> {
    Some(Box::new(value))
}

#[guarded_callback(fallback = (value, ""))]
pub fn lifetimes_beside_a_fallback<'a, 'b>(value: &'a str, _: &'b c_int) -> (&'a str, &'a str) {
    (value, value)
}

#[guarded_callback(fallback = Err(String::new()))]
pub fn fallback_beside_impl_trait<'a>(value: &'a str) -> Result<impl AsRef<str>, String> {
    return Ok(value);
}

#[guarded_callback(fallback = std::process::abort())]
pub fn diverging_beside_impl_trait(value: c_int) -> impl Into<c_int> {
    return value;
}
