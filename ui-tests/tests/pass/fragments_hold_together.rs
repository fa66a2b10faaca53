//! Expressions and types that a macro inserts are not taken apart by what stands around them.
#![deny(warnings)]
#![allow(dead_code, improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

macro_rules! callbacks {
    ($sum:expr, $block:expr, $bounds:ty, $negative:expr) => {
        #[guarded_callback(fallback = $sum * 2)]
        extern "C" fn product(panics: bool) -> i32 {
            assert!(!panics);
            $sum * 3
        }

        #[guarded_callback(fallback = $block as i32 - $sum)]
        extern "C" fn difference(panics: bool) -> i32 {
            assert!(!panics);
            0
        }

        #[guarded_callback(reserve = $block * 40_000, fallback = $negative.abs())]
        extern "C" fn absolute(panics: bool) -> i32 {
            assert!(!panics);
            0
        }

        #[guarded_callback]
        extern "C" fn bounded(any: &$bounds, array: [u8; $sum * 2], _: Box<$bounds>) -> usize {
            let _ = any;
            array.len()
        }

        #[guarded_callback]
        mod items {
            pub const PRODUCT: i32 = $sum * 2;
            pub trait Count {
                fn count(&self) -> i32;
            }
            impl Count for &$bounds {
                fn count(&self) -> i32 {
                    $sum * 2
                }
            }
            pub extern "C" fn with_attribute_inside() -> i32 {
                #![allow(unused_parens)]
                $sum * 2
            }
        }
    };
}

callbacks!(1 + 2, { 4 + 4 }, dyn Send + Sync, -7_i32);

macro_rules! compared {
    ($bits:expr, $either:expr, $cast:expr, $slice:expr, $by_match:expr) => {
        #[guarded_callback]
        extern "C" fn shifted(bits: [u8; $bits << 1]) -> usize {
            bits.len()
        }

        #[guarded_callback]
        extern "C" fn equal(_: [u8; ($either == false) as usize]) -> bool {
            #![allow(unused)]
            $either == false
        }

        #[guarded_callback]
        extern "C" fn less(_: [u8; if $cast < 4 { 1 } else { 2 }]) -> bool {
            #![allow(unused)]
            1 > 2 || 100 >= $cast
        }

        #[guarded_callback]
        extern "C" fn borrowed(_: [u8; $slice.len()]) -> i32 {
            #![allow(unused)]
            $by_match
        }
    };
}

compared!(1 | 2, true || true, 3_u8 as usize, &[1, 2, 3], match 1 { one => one } + 1);

macro_rules! parenthesized {
    ($name:ident, $of:ty, $pattern:pat, $never:block) => {
        #[guarded_callback]
        extern "C" fn $name(first: & $of, & $pattern: & $of) -> bool {
            **first == 1
        }

        #[guarded_callback]
        extern "C" fn gone() -> ! $never
    };
}

parenthesized!(referenced, &u8, &_, { std::process::exit(0) });

macro_rules! methods {
    ($name:ident $body:block) => {
        #[guarded_callback]
        impl $name {
            extern "C" fn number(&self) -> i32 $body
            /// With a comment behind the fragment.
            extern "C" fn other(&self) -> i32 $body
            #[inline]
            fn third(&self) -> i32 $body
        }
    };
}

struct Numbers;

methods!(Numbers { 3 });

fn main() {
    assert_eq!(Numbers.number() + Numbers.other() + Numbers.third(), 9);
    let _ = gone;
    assert!(referenced(&&1, &&2));
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!((product(false), product(true)), (9, 6));
    assert_eq!((difference(false), difference(true)), (0, 5));
    assert_eq!((absolute(false), absolute(true)), (0, 7));
    assert_eq!(bounded(&1, [0; 6], Box::new(1)), 6);
    let any: &(dyn Send + Sync) = &1;
    assert_eq!((items::PRODUCT, items::Count::count(&any)), (6, 6));
    assert_eq!(items::with_attribute_inside(), 6);
    assert_eq!((shifted([0; 6]), equal([]), less([0; 1]), borrowed([0; 3])), (6, false, true, 2));
}
