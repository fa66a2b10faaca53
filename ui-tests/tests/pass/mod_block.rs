#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback(switch = always)]
mod callbacks {
    //! Documented from inside.
    use super::guarded_callback;
    use std::sync::atomic::{AtomicU32, Ordering};

    static CALLS: AtomicU32 = {
        const ZERO: u32 = 0;
        AtomicU32::new(ZERO)
    };
    type Pair = (u32, u32);

    pub struct Unit;
    pub struct Tuple(pub u32);

    macro_rules! one {
        () => {
            1
        };
    }

    unsafe extern "C" {
        safe fn abs(value: i32) -> i32;
    }

    // What nothing closes.
    pub const BIT: u32 = 1 << 3;
    pub const LESS: bool = BIT < 9;

    pub extern "C" fn free(value: i32) -> (bool, u32) {
        CALLS.fetch_add(one!(), Ordering::Relaxed);
        (abs(value) == 1 && ::guarded_callback::on_system_stack(), CALLS.load(Ordering::Relaxed))
    }

    pub fn ordinary() -> (Pair, bool) {
        ((1, 1), ::guarded_callback::on_system_stack())
    }

    #[guarded_callback(skip)]
    pub extern "C" fn skipped() -> bool {
        ::guarded_callback::on_system_stack()
    }

    impl Unit {
        pub extern "C" fn method(&self) -> bool {
            ::guarded_callback::on_system_stack()
        }
    }

    pub trait WithDefault {
        extern "C" fn default_method(&self) -> bool {
            ::guarded_callback::on_system_stack()
        }
    }

    impl WithDefault for Tuple {}

    pub mod inner {
        #![allow(dead_code)]
        pub extern "C" fn deep() -> bool {
            ::guarded_callback::on_system_stack()
        }
    }

    #[guarded_callback(skip)]
    pub mod left_alone {
        pub extern "C" fn deep() -> bool {
            ::guarded_callback::on_system_stack()
        }
    }
}

use callbacks::{Tuple, Unit, WithDefault};

fn main() {
    assert_eq!(callbacks::free(-1), (true, 1));
    assert_eq!(callbacks::ordinary(), ((1, 1), false));
    assert!(Unit.method() && Tuple(1).default_method() && callbacks::inner::deep());
    assert!(callbacks::LESS);
    assert!(!callbacks::skipped() && !callbacks::left_alone::deep() && Tuple(1).0 == 1);
}
