#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

macro_rules! callback {
    (|$argument:ident| $body:expr) => {{
        #[guarded_callback]
        extern "C" fn callback($argument: i32) -> i32 {
            let hidden = 1;
            let _ = hidden;
            $body
        }
        callback
    }};
}

fn main() {
    const HIDDEN: i32 = 10;
    let callback = callback!(|value| value + HIDDEN);
    assert_eq!(callback(1), 11);
}
