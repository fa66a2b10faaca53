//! What the attribute expands to, run under Miri as well (`.ci/miri`): ten callbacks of all forms,
//! called through pointers as C does.

#![allow(
    improper_ctypes_definitions,
    reason = "Rust calls them, and Miri sees more of what is dropped so"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn adds(a: i32, b: i32) -> i32 {
    a + b
}

#[guarded_callback(switch = always, fallback = -1)]
extern "C" fn divides(a: i32, b: i32) -> i32 {
    a / b
}

#[guarded_callback]
extern "C-unwind" fn panics(text: Rc<str>) {
    panic!("{text}");
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Large([u64; 12]);

#[guarded_callback(reserve = "64 KiB")]
extern "C" fn turns(mut large: Large, by: u8) -> Large {
    large.0.rotate_left(by.into());
    large
}

#[guarded_callback(fallback = 0)]
unsafe extern "C" fn sums_up<const N: usize>(numbers: *const u32, counter: &mut u32) -> u32 {
    *counter += 1;
    // SAFETY: the caller passes N numbers.
    unsafe { core::slice::from_raw_parts(numbers, N) }.iter().sum()
}

#[guarded_callback]
extern "system" fn takes_apart((first, second): (u8, u16), [third, _]: [u32; 2]) -> u64 {
    u64::from(first) + u64::from(second) + u64::from(third)
}

#[guarded_callback]
#[allow(clippy::too_many_arguments)]
extern "C" fn takes_thirteen(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: i16,
    g: i32,
    h: i64,
    i: f32,
    j: f64,
    k: bool,
    l: char,
    m: Option<&u8>,
) -> f64 {
    let integers = [a.into(), b.into(), c.into(), d as i64, e.into(), f.into(), g.into(), h];
    let text = [char::from(b'0' + u8::from(k)), l];
    let last = m.map_or(0.0, |m| f64::from(*m));
    integers.iter().sum::<i64>() as f64 + f64::from(i) + j + last + text.len() as f64
}

struct Parser {
    seen: Vec<String>,
}

#[guarded_callback]
impl Parser {
    extern "C" fn sees(&mut self, text: Box<str>) -> usize {
        self.seen.push(text.into());
        self.seen.len()
    }

    #[guarded_callback(skip)]
    fn new() -> Self {
        Self { seen: Vec::new() }
    }
}

/// Of Rust's own ABI, as frameworks wrap it.
#[guarded_callback(fallback = Err("no stack".to_owned()))]
fn reads(text: &str) -> Result<i64, String> {
    text.parse().map_err(|error| format!("{error}"))
}

#[guarded_callback]
extern "C" fn calls(f: impl FnOnce(u8) -> u8, value: u8) -> u8 {
    f(value)
}

#[test]
fn ten_callbacks_give_what_their_bodies_give() {
    let adds: extern "C" fn(i32, i32) -> i32 = adds;
    assert_eq!(adds(2, 3), 5);
    let divides: extern "C" fn(i32, i32) -> i32 = divides;
    assert_eq!((divides(6, 3), divides(6, 0)), (2, -1));

    let text: Rc<str> = "as it is".into();
    let panics: extern "C-unwind" fn(Rc<str>) = panics;
    let payload = catch_unwind(AssertUnwindSafe(|| panics(text.clone()))).expect_err("a panic");
    assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("as it is"));
    assert_eq!(Rc::strong_count(&text), 1, "the argument was dropped once");

    let large = Large([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(turns(turns(large, 5), 7), large);

    let (numbers, mut counter) = ([1, 2, 3], 0);
    // SAFETY: there are three numbers.
    assert_eq!(unsafe { sums_up::<3>(numbers.as_ptr(), &mut counter) }, 6);
    assert_eq!(counter, 1);

    assert_eq!(takes_apart((1, 2), [3, 4]), 6);
    let thirteen = takes_thirteen(1, 1, 1, 1, 1, 1, 1, 1, 1.0, 1.0, true, 'l', Some(&1));
    assert_eq!(thirteen, 13.0);

    let mut parser = Parser::new();
    assert_eq!((parser.sees("one".into()), parser.sees("two".into())), (1, 2));
    assert_eq!(parser.seen, ["one", "two"]);

    assert_eq!(reads("12"), Ok(12));
    assert!(reads("twelve").is_err());
    let captured = Box::new(40);
    assert_eq!(calls(|value| value + *captured, 2), 42);
}
