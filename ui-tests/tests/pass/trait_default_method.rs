#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

trait Named {
    const NUMBER: u32;

    #[guarded_callback]
    extern "C" fn number(&self) -> u32 {
        Self::NUMBER
    }
}

struct Seven;

impl Named for Seven {
    const NUMBER: u32 = 7;
}

fn main() {
    assert_eq!(Seven.number(), 7);
}
