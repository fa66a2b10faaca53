#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

const SIZE: usize = 96 * 1024;

struct Holder<const N: usize>;

impl<const N: usize> Holder<N> {
    const BYTES: usize = N * 1024;

    #[guarded_callback(stack = Self::BYTES)]
    extern "C" fn associated(value: i32) -> i32 {
        value
    }
}

#[guarded_callback(stack = "64 KiB")]
extern "C" fn kib() {}
#[guarded_callback(stack = "1MiB")]
extern "C" fn mib() {}
#[guarded_callback(stack = "65_536 B")]
extern "C" fn bytes() {}
#[guarded_callback(stack = 65536)]
extern "C" fn integer() {}
#[guarded_callback(stack = 0x1_0000)]
extern "C" fn hexadecimal() {}
#[guarded_callback(stack = 65536usize)]
extern "C" fn suffixed() {}
#[guarded_callback(stack = 64 * 1024)]
extern "C" fn product() {}
#[guarded_callback(stack = (64 << 10))]
extern "C" fn parenthesised() {}
#[guarded_callback(stack = SIZE)]
extern "C" fn constant() {}
#[guarded_callback(stack = { const A: usize = 1024; A * 64 })]
extern "C" fn block() {}
#[guarded_callback(stack = std::mem::size_of::<(u8, [u8; 70_000])>())]
extern "C" fn call() {}
#[guarded_callback(stack = if cfg!(debug_assertions) { SIZE * 2 } else { SIZE })]
extern "C" fn conditional() {}
#[guarded_callback(stack = r"64 KiB")]
extern "C" fn raw() {}

fn main() {
    kib();
    mib();
    bytes();
    integer();
    hexadecimal();
    suffixed();
    product();
    parenthesised();
    constant();
    block();
    call();
    conditional();
    raw();
    assert_eq!(Holder::<80>::associated(1), 1);
}
