//! What a fallback mentions of the parameters, and what only looks like it.
#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

pub struct Answer {
    pub text: usize,
    pub len: usize,
}

mod path {
    pub fn path() -> usize {
        5
    }
}

#[guarded_callback(fallback = number)]
extern "C" fn used_by_the_fallback_alone(number: u8, fail: bool) -> u8 {
    assert!(!fail);
    1
}

#[guarded_callback(fallback = Answer { text: 1, len: "abc".len() + path::path() })]
extern "C" fn of_other_things(text: String, len: Box<u8>, path: Vec<u8>) -> Answer {
    drop((text, len, path));
    panic!("quiet")
}

#[guarded_callback(fallback = format!("{number:>width$}{:?}{last }", (low..high)))]
extern "C" fn in_a_format_string(
    number: u8,
    width: usize,
    low: u8,
    high: u8,
    last: u8,
    list: Vec<u8>,
) -> String {
    panic!("quiet {:?}", list)
}

#[guarded_callback(fallback = a + m.unwrap_or(b))]
extern "C" fn of_many(
    a: u32,
    b: u32,
    _: String,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    k: u8,
    (l, _): (u8, String),
    m: Option<u32>,
) -> u32 {
    let sum = [d, e, f, g, h, i, j, k, l].iter().sum::<u8>();
    panic!("quiet {}", sum)
}

#[guarded_callback(fallback = <&'text str>::default())]
extern "C" fn of_a_lifetime<'text>(text: String, other: &'text str) -> &'text str {
    drop(text);
    other
}

#[guarded_callback(fallback = 'number: { if number > 3 { break 'number 4 } 5 })]
extern "C" fn of_a_label(number: i32, fail: bool) -> i32 {
    assert!(!fail);
    number
}

#[guarded_callback(fallback = 'list: { break 'list list_of.len() })]
extern "C" fn of_a_label_alone(list: Vec<u8>, list_of: &str) -> usize {
    panic!("quiet {:?}{}", list, list_of)
}

struct Value(u8);

impl Value {
    #[guarded_callback(fallback = Self(self.0 + by), reserve = Self::RESERVE)]
    extern "C" fn more(&self, mut by: u8) -> Self {
        by = by.checked_add(self.0).expect("quiet");
        Self(by)
    }

    const RESERVE: usize = 16 << 10;
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!((used_by_the_fallback_alone(3, true), used_by_the_fallback_alone(3, false)), (3, 1));
    let answer = of_other_things(String::new(), Box::new(1), vec![]);
    assert_eq!((answer.text, answer.len), (1, 8));
    assert_eq!(in_a_format_string(7, 3, 1, 2, 9, vec![]), "  71..29");
    assert_eq!(
        of_many(1, 2, String::new(), 4, 5, 6, 7, 8, 9, 10, 11, (12, String::new()), None),
        3
    );
    assert_eq!(of_a_lifetime(String::new(), "a"), "a");
    assert_eq!((of_a_label(9, true), of_a_label(9, false)), (4, 9));
    assert_eq!(of_a_label_alone(vec![], "abc"), 3);
    assert_eq!((Value(1).more(2).0, Value(100).more(155).0), (3, 255));
}
