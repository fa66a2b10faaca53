//! What to do on a foreign stack, beside the other options.
#![deny(warnings)]

use guarded_callback::guarded_callback;

#[guarded_callback(foreign = stay)]
extern "C" fn stays(value: i32) -> i32 {
    value
}

#[guarded_callback(foreign = switch, switch = never, reserve = "16 KiB", fallback = -value)]
extern "C" fn switches(value: i32) -> i32 {
    value
}

#[guarded_callback(switch = never, foreign = stay, reserve = 4096,)]
mod checked_only {
    pub extern "C" fn callback(value: i32) -> i32 {
        value
    }
}

fn main() {
    assert_eq!(stays(1) + switches(2) + checked_only::callback(3), 6);
}
