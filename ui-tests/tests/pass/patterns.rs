#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[repr(C)]
#[derive(Clone, Copy)]
struct Pair {
    first: i32,
    second: i32,
}

#[repr(C)]
struct Unit;

#[repr(C)]
struct Wrapped<T>(T);

#[guarded_callback]
extern "C" fn all(
    mut a: i32,
    _: i32,
    _unused: String,
    Pair { first, second: mut b }: Pair,
    ref c: i32,
    ref mut d: Pair,
    whole @ Pair { .. }: Pair,
    [e, .., f]: [i32; 3],
    &g: &i32,
    Wrapped::<i32>(h): Wrapped<i32>,
    Unit: Unit,
    Wrapped((i, j)): Wrapped<(i32, i32)>,
) -> i32 {
    a += 1;
    b += 1;
    d.first += 1;
    a + first + b + *c + d.first + whole.second + e + f + g + h + i + j
}

fn main() {
    let pair = Pair { first: 1, second: 1 };
    let sum = all(
        0,
        9,
        String::new(),
        pair,
        1,
        Pair { first: 0, second: 9 },
        pair,
        [1, 9, 1],
        &1,
        Wrapped(1),
        Unit,
        Wrapped((1, 1)),
    );
    assert_eq!(sum, 13);
}
