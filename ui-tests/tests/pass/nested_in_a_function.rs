#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

fn outer<T: Default>(_: T) -> i32 {
    const OFFSET: i32 = 1;

    #[guarded_callback]
    extern "C" fn inner<T: Default>(value: i32) -> i32 {
        let _ = T::default();
        fn deeper(value: i32) -> i32 {
            value + OFFSET
        }
        deeper(value)
    }
    inner::<T>(1)
}

fn main() {
    assert_eq!(outer(0_u8), 2);
}
