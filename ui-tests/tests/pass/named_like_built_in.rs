//! The attribute under a built-in attribute's name, and a second time on one function.
#![deny(warnings)]

mod library {
    pub use guarded_callback::guarded_callback as cold;
    pub use guarded_callback::guarded_callback as naked_one;
    pub use guarded_callback::guarded_callback as naked;
    pub use guarded_callback::guarded_callback as track_caller;
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

#[guarded_callback::guarded_callback]
#[library::naked(fallback = value)]
extern "C" fn not_naked(value: i32) -> i32 {
    value + 2
}

#[guarded_callback::guarded_callback]
#[library::track_caller]
fn not_tracking(value: i32) -> i32 {
    value + 3
}

struct Value;

#[guarded_callback::guarded_callback(switch = always)]
impl Value {
    #[library::naked]
    extern "C" fn in_impl() -> bool {
        guarded_callback::on_system_stack()
    }
}

fn main() {
    assert_eq!((once(1), twice(1), not_naked(1), not_tracking(1)), (1, 2, 3, 4));
    assert!(Value::in_impl());
}
