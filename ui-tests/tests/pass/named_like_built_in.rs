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
    if value > 1 { panic!("more") }
    value + 1
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!((once(1), twice(1), twice(2)), (1, 2, 2));
}
