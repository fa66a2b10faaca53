#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

trait Handler {
    extern "C" fn handle(&mut self, event: u32) -> bool;
    unsafe extern "C" fn raw(context: *mut Self) -> u32;
}

struct Counter(u32);

impl Handler for Counter {
    #[guarded_callback]
    extern "C" fn handle(&mut self, event: u32) -> bool {
        self.0 += event;
        true
    }

    #[guarded_callback(reserve = "1 MiB")]
    unsafe extern "C" fn raw(context: *mut Self) -> u32 {
        unsafe { (*context).0 }
    }
}

fn main() {
    let mut counter = Counter(1);
    assert!(counter.handle(2));
    assert_eq!(unsafe { Counter::raw(&raw mut counter) }, 3);
}
