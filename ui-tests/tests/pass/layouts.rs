#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Packed(u8, u64);

#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Aligned(u8);

#[repr(C)]
union Number {
    whole: u32,
    float: f32,
}

#[repr(C)]
struct Empty;

#[guarded_callback(switch = always)]
extern "C" fn all(
    packed: Packed,
    aligned: Aligned,
    number: Number,
    _empty: Empty,
    Packed(a, _): Packed,
) -> Aligned {
    assert_eq!(core::mem::align_of_val(&aligned), 64);
    assert_eq!((&raw const aligned).addr() % 64, 0);
    let Packed(_, wide) = packed;
    Aligned(aligned.0 + wide as u8 + unsafe { number.whole } as u8 + a)
}

fn main() {
    let result = all(Packed(1, 2), Aligned(3), Number { whole: 4 }, Empty, Packed(5, 6));
    assert_eq!(result.0, 14);
    assert_eq!(unsafe { Number { float: 0.0 }.whole }, 0);
}
