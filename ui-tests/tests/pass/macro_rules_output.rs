#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

macro_rules! callback {
    (
        $(#[$meta:meta])*
        $vis:vis extern $abi:literal fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block
    ) => {
        $(#[$meta])*
        #[guarded_callback]
        $vis extern $abi fn $name($($arg: $ty),*) -> $ret $body
    };
}

callback! {
    /// Documented.
    #[inline(never)]
    pub extern "C" fn add(a: i32, b: &'static i32) -> i32 { a + *b }
}

callback!(
    extern "C-unwind" fn show(value: Option<Box<i32>>) -> String {
        format!("{value:?}")
    }
);

macro_rules! from_inside {
    ($name:ident, $pattern:pat, $ty:ty, $value:expr) => {
        #[guarded_callback(fallback = $value)]
        extern "C" fn $name($pattern: $ty, x: i32) -> i32 {
            let y = x + 1;
            y + $value
        }
    };
}

from_inside!(pairs, (_, _), (i32, i32), 3 * 2);

macro_rules! whole_item {
    ($item:item) => {
        #[guarded_callback]
        $item
    };
}

whole_item! {
    extern "C" fn item(value: u8) -> u8 { value }
}

macro_rules! with_generics {
    ($lifetime:lifetime, $bound:path, $size:literal) => {
        #[guarded_callback(reserve = $size)]
        extern "C" fn generic<$lifetime, T: $bound>(value: &$lifetime T) -> &$lifetime T {
            value
        }
    };
}

with_generics!('a, std::fmt::Debug, "64 KiB");

fn main() {
    assert_eq!(add(1, &2) + pairs((1, 1), 1) + i32::from(item(1)), 12);
    assert_eq!(show(Some(Box::new(*generic(&4)))), "Some(4)");
}
