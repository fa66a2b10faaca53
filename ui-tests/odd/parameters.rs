//! Patterns of parameters.
#![allow(improper_ctypes_definitions, dead_code, non_upper_case_globals, non_camel_case_types)]
use guarded_callback::guarded_callback;
struct Unit;
struct unit_like;
const nothing: () = ();
enum One {
    Only(i32, i32),
}
struct P {
    x: i32,
    y: (String, i32),
}
struct T3(i32, String, [u8; 3]);
macro_rules! pat {
    ($a:ident) => {
        ($a, _)
    };
}
macro_rules! tyt {
    ($a:ty) => {
        ($a, $a)
    };
}
macro_rules! callback { ($(#[$m:meta])* $v:vis $n:ident($($p:pat => $t:ty),* $(,)?) -> $r:ty {
    $($b:tt)* }) => { $(#[$m])* #[guarded_callback] $v extern "C" fn $n($($p: $t),*) -> $r { $($b)*
    } } }
#[guarded_callback]
extern "C" fn or((Ok(x) | Err(x)): Result<i32, i32>, n: i32) -> i32 {
    x + n
}
#[guarded_callback]
extern "C" fn or_deep((a, (Ok(x) | Err(x))): (u8, Result<i32, i32>)) -> i32 {
    x + a as i32
}
#[guarded_callback]
extern "C" fn unit_pat(Unit: Unit, (): (), unit_like: unit_like, nothing: ()) -> i32 {
    let _ = (unit_like, nothing);
    4
}
#[guarded_callback]
extern "C" fn only(One::Only(a, mut b): One) -> i32 {
    b += a;
    b
}
#[guarded_callback]
extern "C" fn binding(
    a @ (b, _): (i32, i32),
    c @ _: i32,
    ref d: String,
    ref mut e: Vec<i32>,
    &f: &i32,
    &mut ref mut g: &mut i32,
) -> String {
    e.push(1);
    *g += 1;
    format!("{a:?} {b} {c} {d} {e:?} {f} {g}")
}
#[guarded_callback]
extern "C" fn nested(P { x, y: (ref s, mut n) }: P, T3(.., [first, .., last]): T3) -> i32 {
    n += s.len() as i32;
    x + n + first as i32 + last as i32
}
#[guarded_callback]
extern "C" fn rest([a, rest @ ..]: [u8; 4], (.., z): (u8, u8, u8)) -> (u8, [u8; 3], u8) {
    (a, rest, z)
}
#[guarded_callback]
extern "C" fn from_macro(pat!(a): tyt!(i32), b: tyt!(u8)) -> tyt!(i32) {
    (a, b.0 as i32)
}
#[guarded_callback]
extern "C" fn paren((a): i32, (mut b): i32) -> i32 {
    b += a;
    b
}
#[guarded_callback]
extern "C" fn unused(a: i32, (b, c): (i32, i32), mut d: i32, P { x, .. }: P) -> i32 {
    1
}
#[guarded_callback]
extern "C" fn unused_mut((mut a, mut b): (i32, i32), mut c: [u8; 2]) -> i32 {
    a + b + c[0] as i32
}
#[guarded_callback]
extern "C" fn assigned(mut a: i32, mut b: i32) -> i32 {
    a = 4;
    b = 3;
    b = 5;
    2
}
#[guarded_callback]
extern "C" fn big_names(Aa: i32, bB: i32, (Cc, dD): (i32, i32)) -> i32 {
    Aa + bB + Cc + dD
}
#[guarded_callback]
extern "C" fn wild(_: i32, _: String, _x: i32, _: (i32, String)) -> i32 {
    1
}
#[guarded_callback(fallback = a + b)]
extern "C" fn fb(a: i32, mut b: i32, _: String, (c, d): (i32, String)) -> i32 {
    b += 1;
    if c == 1 {
        panic!("{d}")
    }
    a + b
}
callback! { #[inline] pub made(_ => i32, (a, b) => (i32, i32), &c => &i32) -> i32 {
    let a = a * 2; a + b + c } }
callback! { made2(a => impl Into<i32>, b => &dyn Fn(i32) -> i32,) -> impl std::fmt::Display {
    let n = a.into(); b(n) } }
callback! { made3(mut v => Vec<i32>) -> Vec<i32> { v.sort(); v } }
struct Sel(i32);
impl Sel {
    const K: i32 = 3;
    #[guarded_callback]
    extern "C" fn of_self(Self(a): Self, Sel { 0: b }: Sel) -> i32 {
        a + b + Self::K
    }
}
impl P {
    #[guarded_callback]
    extern "C" fn by_self(Self { x, .. }: Self) -> i32 {
        x
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{} {} {} {}",
        or(Ok(1), 2),
        or_deep((1, Err(4))),
        unit_pat(Unit, (), unit_like, ()),
        only(One::Only(1, 2))
    );
    let p = || P { x: 1, y: ("ab".into(), 2) };
    println!(
        "{} {}",
        binding((1, 2), 3, "d".into(), vec![0], &5, &mut 6),
        nested(p(), T3(1, "".into(), [7, 8, 9]))
    );
    println!(
        "{:?} {:?} {} {} {} {} {} {}",
        rest([1, 2, 3, 4], (5, 6, 7)),
        from_macro((1, 2), (3, 4)),
        paren(1, 2),
        unused(1, (2, 3), 4, p()),
        unused_mut((1, 2), [3, 4]),
        assigned(1, 2),
        big_names(1, 2, (3, 4)),
        wild(1, "".into(), 2, (3, "".into()))
    );
    println!(
        "{} {} {} {} {:?} {} {}",
        fb(1, 2, "".into(), (0, "x".into())),
        fb(2, 2, "".into(), (0, "x".into())),
        made(1, (2, 3), &4),
        made2(3_i16, &|x| x + 1),
        made3(vec![2, 1]),
        Sel::of_self(Sel(1), Sel(2)),
        P::by_self(p())
    );
}
