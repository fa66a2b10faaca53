#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

macro_rules! with_hidden_parameter {
    ($name:ident, $visible:ident, $body:expr) => {
        #[guarded_callback]
        extern "C" fn $name($visible: i32, hidden: i32, more: [i32; 2]) -> i32 {
            let inner = hidden + more[0];
            inner + $body
        }
    };
}

with_hidden_parameter!(first, hidden, hidden * 10);
with_hidden_parameter!(second, more, more * 10);

fn main() {
    assert_eq!(first(1, 2, [3, 3]), 15);
    assert_eq!(second(1, 2, [3, 3]), 15);
}
