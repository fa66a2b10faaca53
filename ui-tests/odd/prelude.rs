//! Without the prelude, without `std` by name.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(clippy::all, improper_ctypes_definitions)]
extern crate std as the_library;
use ::guarded_callback::guarded_callback;
use ::the_library::clone::Clone;
use ::the_library::convert::From;
use ::the_library::println;
pub struct S(i32);
impl ::the_library::ops::Drop for S {
    fn drop(&mut self) {
        println!("drop {}", self.0);
    }
}
impl S {
    #[guarded_callback(fallback = 4, reserve = "64 KiB", switch = always)]
    pub extern "C" fn by_ref(&self, n: i32) -> i32 {
        if n > 3 {
            ::the_library::panic!("x")
        }
        self.0 + n
    }
    #[guarded_callback]
    pub extern "C" fn by_value(self) -> i32 {
        self.0
    }
    #[guarded_callback]
    pub fn rust(self: ::the_library::boxed::Box<Self>, x: ::the_library::string::String) -> usize {
        x.len() + self.0 as usize
    }
}
#[guarded_callback(fallback = ())]
pub unsafe extern "C-unwind" fn unwinds(at: *mut i32) {
    unsafe { *at += 1 }
}
fn main() {
    let s = S(3);
    ::the_library::panic::set_hook(::the_library::boxed::Box::new(|_| {}));
    println!("{} {}", s.by_ref(2), s.by_ref(1));
    println!("{}", s.by_value());
    println!(
        "{}",
        ::the_library::boxed::Box::new(S(1))
            .rust(::the_library::string::String::from("abc").clone())
    );
    let mut x = 1;
    unsafe { unwinds(&mut x) };
    println!("{x}");
}
