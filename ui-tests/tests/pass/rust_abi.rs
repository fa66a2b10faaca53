//! Functions that a framework wraps itself: Rust's own ABI, written out or not.
#![deny(warnings)]

use guarded_callback::{guarded_callback, on_system_stack};
use std::collections::HashMap;
use std::fmt::Display;
use std::io;

#[guarded_callback(switch = always)]
fn free(text: &str, mut count: usize) -> String {
    assert!(on_system_stack());
    count += 1;
    text.repeat(count)
}

#[guarded_callback]
extern "Rust" fn written_out(values: Vec<u8>) -> Option<u8> {
    values.first().copied()
}

#[guarded_callback(fallback = Err(io::Error::other("panicked")))]
pub fn fallible(divisor: i32) -> io::Result<i32> {
    Ok(10 / divisor)
}

#[guarded_callback]
unsafe fn unsafe_one(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[guarded_callback]
fn generic<T: Display, const N: usize>(
    values: [T; N],
    join: impl Fn(&T) -> String,
) -> impl Iterator<Item = String> {
    Vec::from(values.map(|value| join(&value))).into_iter()
}

struct Table(HashMap<String, i32>);

impl Table {
    #[guarded_callback(reserve = "2 MiB", switch = always)]
    fn entry(&mut self, key: &str) -> &mut i32 {
        assert!(on_system_stack());
        self.0.entry(key.to_owned()).or_default()
    }

    #[guarded_callback(fallback = self.0.len())]
    fn checked(&self, key: &str) -> usize {
        self.0[key] as usize
    }
}

impl Drop for Table {
    #[guarded_callback]
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl std::iter::FromIterator<(String, i32)> for Table {
    #[guarded_callback]
    fn from_iter<I: IntoIterator<Item = (String, i32)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!(free("a", 1), "aa");
    assert_eq!(written_out(vec![3]), Some(3));
    assert_eq!(fallible(5).unwrap(), 2);
    assert!(fallible(0).is_err());
    assert_eq!(unsafe { unsafe_one(&7) }, 7);
    assert_eq!(generic([1, 2], ToString::to_string).collect::<String>(), "12");
    let mut table = <Table as std::iter::FromIterator<_>>::from_iter(vec![("a".to_owned(), 4)]);
    *table.entry("b") += 2;
    assert_eq!((table.checked("b"), table.checked("missing")), (2, 2));
}
