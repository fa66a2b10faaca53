#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

mod library {
    pub mod inner {
        pub use guarded_callback as runtime;
        pub use guarded_callback::guarded_callback as checked;
    }
}

use library::inner::checked;

#[checked(crate = crate::library::inner::runtime)]
extern "C" fn absolute(value: String) -> usize {
    value.len()
}

#[checked(reserve = "64 KiB", crate = library::inner::runtime,)]
extern "C" fn relative(value: i32) -> i32 {
    value
}

#[checked(crate = ::guarded_callback)]
extern "C" fn leading_colons(value: i32) -> i32 {
    value
}

macro_rules! exported {
    ($name:ident) => {
        #[$crate::library::inner::checked(crate = $crate::library::inner::runtime)]
        extern "C" fn $name(value: i32) -> i32 {
            value
        }
    };
}

exported!(from_macro);

struct Value;

#[checked(switch = always)]
impl Value {
    extern "C" fn guarded() -> bool {
        guarded_callback::on_system_stack()
    }

    #[checked(skip)]
    extern "C" fn skipped() -> bool {
        guarded_callback::on_system_stack()
    }
}

fn main() {
    assert!(Value::guarded() && !Value::skipped());
    assert_eq!(
        absolute("a".into())
            + relative(1) as usize
            + leading_colons(1) as usize
            + from_macro(1) as usize,
        4
    );
}
