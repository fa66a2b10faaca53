//! Functions for PostgreSQL (pgrx), Erlang (rustler) and Ruby (magnus), as macros make them.
#![allow(dead_code, non_camel_case_types, non_snake_case, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{c_int, c_void};
pub type FunctionCallInfo = *mut FunctionCallInfoBaseData;
#[repr(C)]
pub struct FunctionCallInfoBaseData {
    pub args: [usize; 2],
    pub isnull: bool,
}
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct Datum(usize);
#[repr(C)]
#[derive(Debug)]
pub struct Pg_finfo_record {
    pub api_version: c_int,
}
macro_rules! pg_extern {
    (
        $(#[$attribute:meta])*
        $vis:vis fn $name:ident / $info:ident ($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block
    ) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        #[guarded_callback]
        $vis extern "C" fn $info() -> &'static Pg_finfo_record {
            const V1_API: Pg_finfo_record = Pg_finfo_record { api_version: 1 };
            &V1_API
        }
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        #[guarded_callback(fallback = Datum(99))]
        $vis unsafe extern "C-unwind" fn $name(fcinfo: FunctionCallInfo) -> Datum {
            fn inner($($arg: $ty),*) -> $ret $body
            let mut at = 0;
            $(
                let $arg = unsafe { (&(*fcinfo).args)[at] } as $ty;
                at += 1;
            )*
            let result: $ret = inner($($arg),*);
            Datum(result as usize + at)
        }
    };
}
pg_extern! {
    /// Adds.
    #[inline(never)]
    pub fn odd_pg_add / odd_pg_finfo_add(a: i32, b: i64) -> i64 {
        if b == 7 {
            panic!("seven")
        }
        i64::from(a) + b
    }
}
pg_extern! {
    pub(crate) fn odd_pg_one / odd_pg_finfo_one(b: u8) -> u8 { b.wrapping_add(1) }
}
#[repr(C)]
pub struct DEF_NIF_FUNC {
    arity: c_int,
    function: unsafe extern "C" fn(env: *mut c_void, argc: c_int, argv: *const usize) -> usize,
}
macro_rules! nif {
    ($name:ident, $arity:expr, ($env:pat, $args:pat) => $value:expr) => {{
        #[guarded_callback]
        unsafe extern "C" fn $name($env: *mut c_void, argc: c_int, argv: *const usize) -> usize {
            match unsafe { std::slice::from_raw_parts(argv, argc as usize) } {
                $args => $value,
                _ => 0,
            }
        }
        DEF_NIF_FUNC { arity: $arity, function: $name }
    }};
}
static FUNCTIONS: [DEF_NIF_FUNC; 2] = [
    nif!(add, 2, (_, [a, b]) => a + b),
    nif!(negate, 1, (env, &[a]) => if env.is_null() { !a } else { a }),
];
trait Method {
    fn as_any(self) -> usize;
}
macro_rules! impl_method {
    ($($name:literal: ($($arg:ident),*)),*) => {
        $(
            impl Method for unsafe extern "C" fn($(impl_method!(@ $arg)),*) -> usize {
                fn as_any(self) -> usize {
                    let _ = $name;
                    self as usize
                }
            }
        )*
    };
    (@ $arg:ident) => { usize };
}
impl_method!(1: (a), 2: (a, b), 3: (a, b, c));
macro_rules! method {
    ($name:expr, 1) => {{
        #[guarded_callback]
        unsafe extern "C" fn anon(rb_self: usize) -> usize {
            $name(rb_self)
        }
        Method::as_any(anon as unsafe extern "C" fn(usize) -> usize)
    }};
    ($name:expr, 2) => {{
        #[guarded_callback(switch = always)]
        unsafe extern "C" fn anon(rb_self: usize, a: usize) -> usize {
            $name(rb_self, a)
        }
        Method::as_any(anon as unsafe extern "C" fn(usize, usize) -> usize)
    }};
}
fn distance(a: usize, b: usize) -> usize {
    if a > b { a - b } else { b - a }
}
fn main() {
    let mut info = FunctionCallInfoBaseData { args: [3, 4], isnull: false };
    println!("{:?} {:?}", unsafe { odd_pg_add(&mut info) }, unsafe { odd_pg_one(&mut info) });
    println!("{:?} {:?}", odd_pg_finfo_add(), odd_pg_finfo_one());
    for function in &FUNCTIONS {
        let env = std::ptr::null_mut();
        let arguments = [5, 6];
        println!("{}", unsafe { (function.function)(env, function.arity, arguments.as_ptr()) });
    }
    type Two = unsafe extern "C" fn(usize, usize) -> usize;
    let two: Two = unsafe { std::mem::transmute(method!(distance, 2)) };
    type One = unsafe extern "C" fn(usize) -> usize;
    let one: One = unsafe { std::mem::transmute(method!(|x: usize| x * 2, 1)) };
    println!("{} {}", unsafe { two(3, 10) }, unsafe { one(21) });
}
