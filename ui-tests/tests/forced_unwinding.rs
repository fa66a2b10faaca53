//! pthread_exit in bodies that C calls ends the thread, as without the attribute, however the
//! program is optimized. What the compiler knows of a call decides whether the tables for unwinders
//! list it, and an unwinding that comes through another call ends the process.
#![cfg(target_os = "linux")]

mod scratch;

use std::process::Command;

use scratch::Package;

const SOURCE: &str = r#"
use core::ffi::c_void;
use core::hint::black_box;
use core::mem::transmute;
use core::ptr::{null, null_mut};
use guarded_callback::guarded_callback;

type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;
unsafe extern "C" {
    fn pthread_exit(value: *mut c_void) -> !;
    fn pthread_create(thread: *mut usize, _: *const c_void, f: Start, arg: *mut c_void) -> i32;
    fn pthread_join(thread: usize, result: *mut *mut c_void) -> i32;
}

#[repr(C)]
pub struct Words<const COUNT: usize>([u64; COUNT]);

#[guarded_callback]
extern "C" fn free(_: u64) -> u64 { unsafe { pthread_exit(1 as _) } }
#[guarded_callback(switch = always)]
extern "C" fn free_switched(_: u64) -> u64 { unsafe { pthread_exit(1 as _) } }
#[guarded_callback]
extern "C" fn large_result() -> Words<25> { unsafe { pthread_exit(1 as _) } }
#[guarded_callback(switch = always)]
extern "C" fn large_result_switched() -> Words<25> { unsafe { pthread_exit(1 as _) } }
impl<const COUNT: usize> Words<COUNT> {
    #[guarded_callback]
    extern "C" fn method(self) -> u64 { unsafe { pthread_exit(1 as _) } }
    #[guarded_callback(switch = always)]
    extern "C" fn method_switched(self) -> u64 { unsafe { pthread_exit(1 as _) } }
    #[guarded_callback]
    extern "C" fn to_large_result(self) -> Words<25> { unsafe { pthread_exit(1 as _) } }
    #[guarded_callback(switch = always)]
    extern "C" fn to_large_result_switched(&self) -> Words<25> { unsafe { pthread_exit(1 as _) } }
}

/// As C calls: nobody knows what is called, nor that nothing unwinds out of it.
macro_rules! called {
    ($f:path, fn($($argument:ty),*) -> $result:ty, $($value:expr),*) => { unsafe {
        type Known = extern "C" fn($($argument),*) -> $result;
        // Where panics abort, a call that may unwind would be stopped here.
        #[cfg(panic = "unwind")]
        type Unknown = extern "C-unwind" fn($($argument),*) -> $result;
        #[cfg(panic = "abort")]
        type Unknown = Known;
        _ = black_box(transmute::<Known, Unknown>($f))($($value),*);
    } };
}

extern "C-unwind" fn start(number: *mut c_void) -> *mut c_void {
    match number as usize {
        0 => called!(free, fn(u64) -> u64, 1),
        1 => called!(free_switched, fn(u64) -> u64, 1),
        2 => called!(large_result, fn() -> Words<25>,),
        3 => called!(large_result_switched, fn() -> Words<25>,),
        4 => called!(Words::<1>::method, fn(Words<1>) -> u64, Words([1])),
        5 => called!(Words::<1>::method_switched, fn(Words<1>) -> u64, Words([1])),
        6 => called!(Words::<25>::method, fn(Words<25>) -> u64, Words([1; 25])),
        7 => called!(Words::<25>::method_switched, fn(Words<25>) -> u64, Words([1; 25])),
        8 => called!(Words::<1>::to_large_result, fn(Words<1>) -> Words<25>, Words([1])),
        _ => called!(Words::<1>::to_large_result_switched, fn(&Words<1>) -> Words<25>, &Words([1])),
    }
    null_mut()
}

fn main() {
    let number: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let (mut thread, mut result) = (0, null_mut());
    unsafe {
        assert_eq!(pthread_create(&mut thread, null(), start, number as _), 0);
        assert_eq!(pthread_join(thread, &mut result), 0);
    }
    assert_eq!(result as usize, 1);
}
"#;
const SHAPES: usize = 10;

#[test]
fn pthread_exit_ends_the_thread_however_the_program_is_optimized() {
    const ONE_UNIT: (&str, &str) = ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    for (name, profile, environment) in [
        ("exit_dev", "dev", &[][..]),
        ("exit_release", "release", &[]),
        ("exit_unit", "release", &[ONE_UNIT]),
        ("exit_lto", "release", &[ONE_UNIT, ("CARGO_PROFILE_RELEASE_LTO", "fat")]),
        ("exit_abort", "release", &[ONE_UNIT, ("CARGO_PROFILE_RELEASE_PANIC", "abort")]),
    ] {
        let package = Package::of_programs(name, "2024", &[(name.to_owned(), SOURCE.to_owned())]);
        let program = package.build(profile, environment).join(name);
        for shape in 0..SHAPES {
            let output =
                Command::new(&program).arg(shape.to_string()).output().expect("it was built");
            assert!(output.status.success(), "{name} {shape}: {output:?}");
        }
    }
}
