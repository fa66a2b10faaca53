//! Names of the expansion, and shadowed ones.
#![allow(
    non_camel_case_types,
    non_upper_case_globals,
    dead_code,
    non_snake_case,
    unused_macros,
    improper_ctypes_definitions,
    unused_imports
)]
use guarded_callback::guarded_callback;
#[derive(Debug, Default)]
struct __GuardedCallback {
    x: i32,
}
const SIZE: usize = 65_000;
impl __GuardedCallback {
    fn new(x: i32) -> Self {
        Self { x }
    }
    #[guarded_callback]
    extern "C" fn method(&self, o: __GuardedCallback) -> i32 {
        let n = __GuardedCallback { x: 3 };
        self.x + o.x + n.x
    }
}
static __guarded_callback_body: i32 = 5;
#[guarded_callback(reserve = SIZE)]
extern "C" fn uses(a: i32) -> i32 {
    let g = __GuardedCallback::new(a);
    let __GuardedCallback { x } = g;
    x + 1 + __guarded_callback_body
}
#[guarded_callback(fallback = __GuardedCallback::new(7).x)]
extern "C" fn falls(_: i32, g: __GuardedCallback) -> i32 {
    g.x + 1
}
#[guarded_callback]
extern "C" fn generic<__GuardedCallback: Into<i64>, F, A, R>(
    a: __GuardedCallback,
    f: F,
    b: A,
    r: R,
) -> i64 {
    let _ = (f, b, r);
    a.into()
}
#[guarded_callback]
extern "C" fn numbered(
    __guarded_callback_1: i32,
    (a, b): (i32, i32),
    _: i32,
    __guarded_callback_0: i32,
) -> i32 {
    __guarded_callback_1 * 1000 + a * 100 + b * 10 + __guarded_callback_0
}
trait Describe {
    const CALLBACK: i32;
    fn describe(&self) -> i32 {
        Self::CALLBACK
    }
}
impl<T> Describe for T {
    const CALLBACK: i32 = 8;
}
#[guarded_callback]
extern "C" fn blanket(a: i32) -> i32 {
    a.describe() + <i32 as Describe>::CALLBACK
}
mod types {
    pub type i32 = u64;
    pub struct usize;
    pub trait Fn {
        fn call(&self) -> u8 {
            1
        }
    }
    pub trait Copy {}
    pub trait FnOnce {}
    pub struct str;
    pub mod guarded_callback {
        pub fn f() -> u8 {
            2
        }
    }
    impl Fn for i32 {}
    #[::guarded_callback::guarded_callback(fallback = 1)]
    pub extern "C" fn f(a: i32) -> i32 {
        a + u64::from(a.call()) + u64::from(guarded_callback::f())
    }
}
macro_rules! concat {
    () => {
        compile_error!()
    };
}
macro_rules! module_path {
    () => {
        compile_error!()
    };
}
macro_rules! const_block {
    () => {};
}
macro_rules! panic { ($($t:tt)*) => { std::process::exit(std::concat!($($t)*).len() as i32) } }
#[guarded_callback]
extern "C" fn own_panic(a: i32) -> i32 {
    if a == 100 {
        panic!("x")
    }
    a
}
mod core {
    pub mod ops {
        pub trait Fn {}
    }
    pub mod mem {
        pub struct ManuallyDrop;
    }
}
mod std {
    pub use ::std::*;
    pub struct Option;
}
mod alloc {}
#[guarded_callback]
extern "C" fn fast(slow: i32, body: i32, run: i32, call2: i32, D: i32) -> i32 {
    slow + body + run + call2 + D
}
fn body() -> i32 {
    1
}
fn run() -> i32 {
    2
}
const call: i32 = 4;
enum Mode {
    Always,
}
use Mode::*;
struct Callback;
enum Foreign {
    Stay,
}
#[guarded_callback(switch = always, foreign = stay)]
extern "C" fn options(a: i32) -> i32 {
    let _ = (Always, Callback, Foreign::Stay, Mode::Always);
    a + body() + run() + call
}
fn main() {
    ::std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{} {} {} {}",
        __GuardedCallback::new(1).method(__GuardedCallback { x: 2 }),
        uses(1),
        falls(1, __GuardedCallback { x: 4 }),
        falls(1, __GuardedCallback { x: 1 })
    );
    println!(
        "{} {} {} {} {} {} {} {}",
        generic(1i32, 2, 3, 4),
        numbered(1, (2, 3), 9, 4),
        blanket(1),
        types::f(3),
        types::f(5),
        own_panic(1),
        fast(1, 2, 3, 4, 5),
        options(1)
    );
}
