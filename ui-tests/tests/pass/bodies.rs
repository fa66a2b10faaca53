#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn control(limit: u32) -> u32 {
    let mut sum = 0;
    'outer: for i in 0.. {
        for j in 0..i {
            if sum > limit {
                break 'outer;
            }
            sum += j;
        }
    }
    loop {
        break;
    }
    match sum {
        0 => return 1,
        other => other,
    }
}

#[guarded_callback]
extern "C" fn items() -> usize {
    use std::mem::size_of;
    struct Local(#[allow(dead_code)] u16);
    impl Local {
        const SIZE: usize = size_of::<Self>();
    }
    macro_rules! twice {
        ($value:expr) => {
            $value * 2
        };
    }
    twice!(Local::SIZE)
}

#[guarded_callback]
extern "C" fn closures(values: Vec<i32>) -> i32 {
    let mut total = 0;
    values.into_iter().for_each(|value| total += value);
    (|| total)()
}

#[guarded_callback]
extern "C" fn recursive(depth: u32) -> u32 {
    if depth == 0 { 0 } else { 1 + recursive(depth - 1) }
}

fn main() {
    assert_eq!(control(10), 11);
    assert_eq!(items(), 4);
    assert_eq!(closures(vec![1, 2]), 3);
    assert_eq!(recursive(100), 100);
}
