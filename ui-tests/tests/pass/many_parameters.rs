#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
#[allow(clippy::too_many_arguments)]
extern "C" fn twenty(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: f32,
    f: f64,
    g: i8,
    h: i16,
    i: i32,
    j: i64,
    k: [u8; 3],
    l: (u8, u8),
    m: u128,
    n: bool,
    o: char,
    mut p: u8,
    q: String,
    r: usize,
    s: isize,
    t: u8,
) -> f64 {
    p += 1;
    let whole = u64::from(a)
        + u64::from(b)
        + u64::from(c)
        + d
        + u64::from(p)
        + u64::from(t)
        + r as u64
        + m as u64;
    let signed = i64::from(g) + i64::from(h) + i64::from(i) + j + s as i64;
    let rest = k.len() + usize::from(l.0) + usize::from(n) + o.len_utf8() + q.len();
    whole as f64 + signed as f64 + rest as f64 + f64::from(e) + f
}

fn main() {
    let sum = twenty(
        1,
        1,
        1,
        1,
        1.0,
        1.0,
        1,
        1,
        1,
        1,
        [1; 3],
        (1, 1),
        1,
        true,
        'a',
        1,
        "a".into(),
        1,
        1,
        1,
    );
    assert_eq!(sum, 23.0);
}
