#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::sync::atomic::{AtomicU32, Ordering};

static CALLS: AtomicU32 = AtomicU32::new(0);

#[guarded_callback]
extern "C" fn tick() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

fn main() {
    tick();
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}
