//! Constants, statics, types and macros of any name: a glob import of bindings brings many.
#![deny(warnings)]
#![allow(non_upper_case_globals, non_camel_case_types, unused_macros, dead_code)]
#![allow(improper_ctypes_definitions)]

use bindings::*;
use guarded_callback::guarded_callback;

mod bindings {
    pub const body: u32 = 1;
    pub const bytes: u32 = 2;
    pub const runs: u32 = 3;
    pub const in_registers: bool = true;
    pub const a0: u32 = 5;
    pub const f: u32 = 6;
    pub const fallback: u32 = 7;
    pub const result: u32 = 8;
    pub const argument: u32 = 9;
    pub static callback: u32 = 10;
    pub static call: u32 = 11;
    pub struct private;
    pub struct Callback;
    pub enum Describe {
        c,
        compiled,
    }
    pub fn core() -> u32 {
        12
    }
    pub mod std {}
    pub struct Option;
}

macro_rules! concat {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! module_path {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! choose {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}

#[guarded_callback(fallback = body)]
extern "C" fn of_values(value: u32) -> u32 {
    value + body + bytes + core() + call + callback + f
}

#[guarded_callback(fallback = number)]
extern "C" fn of_generics<T, R>(_: T, (left, right): (u32, u32), number: u32, _result: R) -> u32 {
    if left > right {
        panic!("more")
    }
    number + fallback + result
}

struct A;

impl A {
    #[guarded_callback]
    extern "C" fn method(self: Box<Self>, body2: u32) -> u32 {
        let __arg0 = body2;
        __arg0 + runs + argument + a0 + u32::from(in_registers)
    }
}

fn main() {
    ::std::panic::set_hook(Box::new(|_| {}));
    assert_eq!(of_values(1), 43);
    assert_eq!((of_generics(1, (1, 2), 3, ""), of_generics(1, (2, 1), 3, "")), (18, 3));
    assert_eq!(Box::new(A).method(1), 19);
}
