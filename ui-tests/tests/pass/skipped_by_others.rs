//! `skip` as an argument of this attribute under another name, and of other attributes.
#![deny(warnings)]

use guarded_callback::{guarded_callback, on_system_stack};

mod library {
    pub use guarded_callback::guarded_callback as checked;
}

macro_rules! make {
    (extern $abi:literal fn $name:ident) => {
        pub extern $abi fn $name() -> bool {
            on_system_stack()
        }
    };
}

#[guarded_callback(switch = always)]
pub mod callbacks {
    use super::{library, on_system_stack};

    #[rustfmt::other(skip)]
    pub extern "C" fn other() -> bool {
        on_system_stack()
    }

    #[library::checked(skip)]
    pub extern "C" fn renamed() -> bool {
        on_system_stack()
    }

    #[cfg_attr(all(), library::checked(skip))]
    #[inline]
    pub extern "C" fn renamed_under_a_condition() -> bool {
        on_system_stack()
    }

    #[rustfmt::other(skip)]
    pub fn ordinary() -> bool {
        on_system_stack()
    }

    pub struct Value;

    #[rustfmt::other(skip)]
    impl Value {
        pub extern "C" fn other() -> bool {
            on_system_stack()
        }
    }

    #[library::checked(skip)]
    impl Value {
        pub extern "C" fn renamed() -> bool {
            on_system_stack()
        }
    }

    #[rustfmt::other(skip)]
    impl Value {
        pub fn ordinary() -> bool {
            on_system_stack()
        }
    }

    #[library::checked(skip)]
    make!(extern "C" fn made);

    #[library::checked(skip)]
    mod inner {
        pub extern "C" fn inside() -> bool {
            super::on_system_stack()
        }
    }
    pub use inner::inside;
}

fn main() {
    use callbacks::Value;
    assert!(callbacks::other() && Value::other());
    assert!(!callbacks::renamed() && !callbacks::renamed_under_a_condition() && !Value::renamed());
    assert!(!callbacks::ordinary() && !Value::ordinary());
    assert!(!callbacks::made() && !callbacks::inside() && !on_system_stack());
}
