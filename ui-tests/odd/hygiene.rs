//! Names in scope that collide with everything the expansion could mention.
#![deny(warnings)]
#![allow(
    non_upper_case_globals,
    non_camel_case_types,
    dead_code,
    unused_macros,
    unused_variables,
    non_snake_case,
    improper_ctypes_definitions,
    clippy::all
)]
use guarded_callback::guarded_callback;
macro_rules! concat {
    ($($t:tt)*) => {
        compile_error!("captured")
    };
}
macro_rules! module_path {
    ($($t:tt)*) => {
        compile_error!("captured")
    };
}
macro_rules! choose {
    ($($t:tt)*) => {
        compile_error!("captured")
    };
}
mod core {}
mod std2 {}
mod __private {}
struct Callback;
trait Describe {}
struct Some1;
type u8 = ();
type usize = ();
type bool = ();
fn call2() {}
const other_0: i8 = 1;
const other_1: i8 = 1;
struct __GuardedCallback;
#[guarded_callback(reserve = 65536, fallback = -1)]
extern "C" fn first(_: i32, (a, _): (i32, i32)) -> i32 {
    let _x = __GuardedCallback;
    a + other_1 as i32
}
static not_a: i8 = 4;
static context: i8 = 4;
const not_b: i8 = 4;
#[guarded_callback]
extern "C" fn second(n: i32, m: i32) -> i32 {
    n + m + not_a as i32 + not_b as i32 + context as i32
}
mod shadow {
    #![allow(unused_imports)]
    use super::guarded_callback;
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub trait Copy {}
    pub trait FnOnce {}
    pub trait Drop {}
    pub trait Sized {}
    pub trait Clone {}
    pub enum E {
        Ok,
        Err,
        None,
    }
    pub use self::E::*;
    #[guarded_callback(fallback = 1)]
    pub extern "C" fn third(_a: i32) -> i32 {
        let _o = (Option, String, Ok, None);
        7
    }
}
fn body() {}
fn slow() {}
fn fast() {}
fn fallback() {}
#[guarded_callback(fallback = 3)]
extern "C" fn fourth(body: i32, slow: i32, fast: i32, fallback: i32) -> i32 {
    body + slow + fast + fallback
}
#[guarded_callback]
extern "C" fn call(D: i32, F: i32, R: i32, G: i32) -> i32 {
    D + F + R + G
}
#[guarded_callback]
extern "C" fn generic<D: Into<i64>, F: Into<i64>, R: From<i64>>(x: D, y: F) -> R {
    R::from(x.into() + y.into())
}
trait Tr {
    fn call2(&self) -> i32 {
        9
    }
    fn reserve(&self, _: i32) -> i32 {
        3
    }
}
impl<T> Tr for T {}
#[guarded_callback(reserve = 70000)]
extern "C" fn blanket(n: i32) -> i32 {
    n.call2() + n.reserve(1)
}
mod inner {
    pub mod guarded_callback {
        pub fn f() -> i32 {
            1
        }
    }
    #[::guarded_callback::guarded_callback]
    pub extern "C" fn sixth() -> i32 {
        guarded_callback::f()
    }
}
fn main() {
    println!("{} {} {}", first(1, (2, 3)), second(1, 2), shadow::third(1));
    println!("{} {} {}", fourth(1, 2, 3, 4), call(1, 2, 3, 4), generic::<i32, i32, i64>(1, 2));
    println!("{} {}", blanket(1), inner::sixth());
}
