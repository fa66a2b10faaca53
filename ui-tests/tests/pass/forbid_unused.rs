#![forbid(unused_variables)]

use guarded_callback::guarded_callback;

#[guarded_callback(fallback = given)]
extern "C" fn only_in_the_fallback(given: i32) -> i32 {
    -1
}

#[guarded_callback(reserve = N, fallback = given)]
extern "C" fn in_a_tuple<const N: usize>(given: i32, _: u8) -> i32 {
    -1
}

fn main() {
    assert_eq!((only_in_the_fallback(1), in_a_tuple::<70_000>(1, 2)), (-1, -1));
}
