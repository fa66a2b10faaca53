#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::sync::atomic::{AtomicU32, Ordering};

static DROPS: AtomicU32 = AtomicU32::new(0);

struct Counted(#[allow(dead_code)] [u64; 20]);

impl Drop for Counted {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::Relaxed);
    }
}

// No thread has that much room, and `never` forbids to get it elsewhere.
#[guarded_callback(reserve = "1000000 MiB", switch = never, fallback = false)]
extern "C" fn refused(_first: Counted, _: Counted, third: Counted) -> bool {
    drop(third);
    true
}

#[guarded_callback(fallback = false)]
extern "C" fn accepted(_first: Counted, _: Counted, third: Counted) -> bool {
    drop(third);
    true
}

fn main() {
    let new = || Counted([0; 20]);
    assert!(!refused(new(), new(), new()));
    assert_eq!(DROPS.load(Ordering::Relaxed), 3);
    assert!(accepted(new(), new(), new()));
    assert_eq!(DROPS.load(Ordering::Relaxed), 6);
}
