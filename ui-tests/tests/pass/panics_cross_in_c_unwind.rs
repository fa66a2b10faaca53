#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::panic::{AssertUnwindSafe, catch_unwind};

struct Flag<'a>(&'a mut u32);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        *self.0 += 1;
    }
}

#[guarded_callback(switch = always)]
extern "C-unwind" fn raise(_flag: Flag<'_>, other: Flag<'_>) {
    let _moved = other;
    panic!("quiet");
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let (mut first, mut second) = (0, 0);
    let caught = catch_unwind(AssertUnwindSafe(|| raise(Flag(&mut first), Flag(&mut second))));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"quiet"));
    assert_eq!((first, second), (1, 1));
}
