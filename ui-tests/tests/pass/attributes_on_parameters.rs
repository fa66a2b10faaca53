#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(
    #[allow(unused_variables)] unused: i32,
    #[expect(unused_mut, reason = "it is")] mut also: i32,
    #[cfg(any())] absent: Absent,
    #[cfg(all())] present: Vec<u8>,
    #[cfg_attr(all(), allow(unused_variables))] nothing: String,
    #[cfg_attr(all(), cfg(all()), allow(unused_variables))] both: i32,
    #[cfg_attr(all(), cfg_attr(all(), expect(unused_variables), cfg(all())),)] deeper: i32,
    #[cfg_attr(any(), cfg(all()), deny(unused_variables))] _neither: i32,
) -> usize {
    also.count_ones() as usize + present.len()
}

struct Value(i32);

impl Value {
    #[guarded_callback(reserve = "64 KiB", fallback = 0)]
    extern "C" fn method(&self, #[cfg(any())] value: Absent, #[cfg(not(any()))] value: i32) -> i32 {
        self.0 + value
    }
}

fn main() {
    assert_eq!(callback(0, 1, vec![0], String::new(), 2, 3, 4), 2);
    assert_eq!(Value(1).method(1), 2);
}
