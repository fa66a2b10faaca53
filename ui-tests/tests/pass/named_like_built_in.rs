//! The attribute under a built-in attribute's name, and a second time on one function.
#![deny(warnings)]

mod library {
    pub use guarded_callback::guarded_callback as cold;
    pub use guarded_callback::guarded_callback as naked_one;
}

#[library::cold]
extern "C" fn once(value: i32) -> i32 {
    value
}

#[guarded_callback::guarded_callback(switch = always)]
#[library::naked_one(fallback = value)]
extern "C" fn twice(value: i32) -> i32 {
    value + 1
}

fn main() {
    assert_eq!((once(1), twice(1)), (1, 2));
}
