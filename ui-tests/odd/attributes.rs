//! Attributes of every kind, on functions, parameters and around.
#![deny(warnings)]
#![allow(dead_code, improper_ctypes_definitions, unused_assignments, missing_abi, clippy::all)]
use guarded_callback::guarded_callback;
/// Documented.
///
/// ```
/// let x = 1;
/// ```
#[guarded_callback]
#[must_use = "yes"]
#[inline]
#[cold]
pub extern "C" fn many(
    #[allow(unused)] a: i32,
    #[cfg(not(any()))] b: i32,
    #[cfg(any())] c: Undefined,
    #[cfg_attr(any(), cfg(any()))] d: i32,
) -> i32 {
    b + d
}
#[cfg_attr(not(any()), guarded_callback(fallback = 1), inline(never))]
extern "C" fn conditional(#[cfg_attr(all(), allow(unused_mut))] mut a: i32) -> i32 {
    if a > 2 {
        panic!()
    }
    a
}
#[cfg(any())]
#[guarded_callback]
extern "C" fn gone(a: Undefined) -> Undefined {
    a
}
#[guarded_callback]
#[deprecated(note = "old")]
extern "C" fn old() -> i32 {
    1
}
#[allow(deprecated)]
#[guarded_callback(fallback = old())]
extern "C" fn uses_old() -> i32 {
    old()
}
#[guarded_callback]
#[doc(hidden)]
#[doc = concat!("a", "b")]
#[rustfmt::skip]
#[allow(non_snake_case, reason = "why")]
extern "C" fn Named(r#type: i32, r#fn: i32, r#match: u8) -> i32 { r#type - r#fn + r#match as i32 }
#[guarded_callback]
extern "C" fn r#loop(r#async: i32) -> i32 {
    r#async
}
#[guarded_callback]
pub extern "C" fn inner(a: i32) -> i32 {
    #![allow(unused_variables)]
    //! Inside.
    let unused = 2;
    a
}
mod m {
    #![allow(unused_variables)]
    #![doc = "inner"]
    use super::guarded_callback;
    #[guarded_callback]
    pub mod all {
        #![allow(unused_imports)]
        //! More.
        use super::super::*;
        pub extern "C" fn a(unused: i32) -> i32 {
            1
        }
        #[cfg(any())]
        pub extern "C" fn a() {}
        #[guarded_callback(skip)]
        pub extern "C" fn b() -> i32 {
            2
        }
        pub const extern "C" fn c() -> i32 {
            3
        }
        pub unsafe extern "C" fn d(at: *const i32) -> i32 {
            unsafe { *at }
        }
        pub struct S;
        impl S {
            pub extern "C" fn e(&self) -> i32 {
                5
            }
            #[guarded_callback(fallback = 7)]
            pub extern "C" fn f(n: i32) -> i32 {
                if n > 1 {
                    panic!()
                }
                n
            }
        }
        pub trait Tr {
            extern "C" fn g(&self) -> i32 {
                6
            }
        }
        impl Tr for S {}
        pub static TABLE: [extern "C" fn(i32) -> i32; 2] = [a, S::f];
        pub const X: i32 = {
            extern "C" fn x() {}
            let _ = x;
            3
        };
        pub fn h() -> impl Fn() -> i32 {
            extern "C" fn y() -> i32 {
                9
            }
            || y()
        }
    }
}
#[guarded_callback]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn odd_exported_1(n: i32) -> i32 {
    n
}
#[unsafe(export_name = "odd_exported_2")]
#[guarded_callback(switch = always)]
pub extern "C" fn other_name(n: i32) -> i32 {
    n + 1
}
#[guarded_callback]
#[unsafe(link_section = ".text.odd")]
extern "C" fn in_section(n: i32) -> i32 {
    n
}
#[guarded_callback]
#[expect(unused_variables)]
extern "C" fn expects(n: i32) -> i32 {
    4
}
#[guarded_callback]
extern "C" fn expects_in(
    #[expect(unused_variables)] n: i32,
    #[expect(non_snake_case)] Big: i32,
) -> i32 {
    #[expect(unused_mut)]
    let mut x = Big;
    x
}
#[guarded_callback]
#[warn(clippy::pedantic)]
extern "system" fn system(n: u32) -> u32 {
    n
}
#[guarded_callback]
extern "C" fn plain_extern(n: u32) -> u32 {
    n
}
#[guarded_callback]
#[track_caller]
#[cfg(any())]
fn never() {}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!("{} {} {} {}", many(1, 2, 3), conditional(1), conditional(2), uses_old());
    println!("{} {} {}", Named(3, 1, 2), r#loop(4), inner(5));
    use m::all::{self, Tr};
    println!(
        "{} {} {} {} {} {} {} {} {}",
        all::a(1),
        all::b(),
        all::c(),
        unsafe { all::d(&4) },
        all::S.e(),
        all::S::f(1),
        all::S.g(),
        all::TABLE[0](1),
        all::h()() + all::X
    );
    unsafe extern "C" {
        #[link_name = "odd_exported_1"]
        fn first(n: i32) -> i32;
        #[link_name = "odd_exported_2"]
        fn second(n: i32) -> i32;
    }
    println!(
        "{} {} {} {} {} {} {}",
        unsafe { first(1) },
        unsafe { second(1) },
        in_section(2),
        expects(1),
        expects_in(1, 2),
        system(3),
        plain_extern(3)
    );
    let _ = (odd_exported_1 as unsafe extern "C" fn(i32) -> i32, other_name);
}
