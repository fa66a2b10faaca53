#![deny(unused_must_use)]

use guarded_callback::guarded_callback;

#[guarded_callback]
pub extern "C" fn unused(text: *const u8) {
    text.addr();
    "text".trim();
}

fn main() {}
