#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

const SIZE: usize = 96 * 1024;

struct Holder<const N: usize>;

impl<const N: usize> Holder<N> {
    const BYTES: usize = N * 1024;

    #[guarded_callback(reserve = Self::BYTES)]
    extern "C" fn associated(value: i32) -> i32 {
        value
    }
}

#[guarded_callback(reserve = "64 KiB")]
extern "C" fn kib() {}
#[guarded_callback(reserve = "1MiB")]
extern "C" fn mib() {}
#[guarded_callback(reserve = "65_536 B")]
extern "C" fn bytes() {}
#[guarded_callback(reserve = 65536)]
extern "C" fn integer() {}
#[guarded_callback(reserve = 0x1_0000)]
extern "C" fn hexadecimal() {}
#[guarded_callback(reserve = 65536usize)]
extern "C" fn suffixed() {}
#[guarded_callback(reserve = 64 * 1024)]
extern "C" fn product() {}
#[guarded_callback(reserve = (64 << 10))]
extern "C" fn parenthesised() {}
#[guarded_callback(reserve = SIZE)]
extern "C" fn constant() {}
#[guarded_callback(reserve = { const A: usize = 1024; A * 64 })]
extern "C" fn block() {}
#[guarded_callback(reserve = std::mem::size_of::<(u8, [u8; 70_000])>())]
extern "C" fn call() {}
#[guarded_callback(reserve = if cfg!(debug_assertions) { SIZE * 2 } else { SIZE })]
extern "C" fn conditional() {}
#[guarded_callback(reserve = r"64 KiB")]
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
