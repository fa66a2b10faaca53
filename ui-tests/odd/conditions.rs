//! cfg in every place.
#![allow(improper_ctypes_definitions, dead_code)]
use guarded_callback::guarded_callback;
struct S(i32);
impl S {
    #[guarded_callback]
    extern "C" fn gone_receiver(#[cfg(any())] &self, a: i32) -> i32 {
        a
    }
    #[guarded_callback]
    extern "C" fn one_of(&self, a: i32) -> i32 {
        a + self.0
    }
    #[guarded_callback]
    extern "C" fn kept(#[cfg(all())] &self, #[cfg(any())] b: Missing) -> i32 {
        self.0
    }
    #[guarded_callback]
    extern "C" fn attr(#[allow(unused)] &self, #[cfg_attr(all(), allow(unused))] b: i32) -> i32 {
        self.0
    }
}
#[guarded_callback]
extern "C" fn generics<#[cfg(any())] T, #[cfg(all())] U: Into<i64>>(
    u: U,
    #[cfg(any())] t: T,
) -> i64 {
    u.into()
}
#[guarded_callback]
extern "C" fn statements(a: i32) -> i32 {
    #[cfg(any())]
    let a = missing;
    #[cfg(all())]
    let a = a + 1;
    #[cfg(any())]
    {
        return missing;
    }
    a
}
#[guarded_callback]
extern "C" fn two(
    #[cfg(unix)] a: i32,
    #[cfg(not(unix))] a: u64,
    #[cfg(any())] b: i32,
    #[cfg(not(any()))] b: i32,
) -> i32 {
    a as i32 + b
}
#[guarded_callback(fallback = c)]
extern "C" fn in_attributes(
    #[cfg_attr(all(), cfg(any()))] a: Missing,
    #[cfg_attr(any(), cfg(any()))] b: i32,
    #[cfg_attr(all(), cfg(all()), cfg(any()))] b: Missing,
    #[cfg_attr(all(), cfg_attr(all(), cfg(not(all()))))] b: Missing,
    #[cfg(all())]
    #[cfg_attr(all(), cfg(all()))]
    c: i32,
) -> i32 {
    b - c
}
#[guarded_callback]
#[cfg_attr(all(), inline(never), must_use)]
#[cfg(all())]
pub extern "C" fn attrs() -> i32 {
    1
}
#[cfg_attr(all(), guarded_callback(reserve = "64 KiB"))]
extern "C" fn through() -> i32 {
    2
}
#[cfg_attr(all(), cfg_attr(all(), guarded_callback))]
extern "C" fn through2(_: i32) -> i32 {
    2
}
#[guarded_callback]
#[cfg(any())]
extern "C" fn not_there(a: Missing) {}
#[guarded_callback]
#[allow(clippy::too_many_arguments, reason = "many")]
extern "C" fn many(
    a: i32,
    #[cfg(all())] b: i32,
    c: i32,
    d: i32,
    e: i32,
    f: i32,
    g: i32,
    h: i32,
    i: i32,
    j: i32,
    k: i32,
    l: i32,
    m: i32,
    n: i32,
) -> i32 {
    a + b + c + d + e + f + g + h + i + j + k + l + m + n
}
#[guarded_callback]
extern "C" fn where_cfg<T>(t: T) -> i64
where
    T: Into<i64>,
{
    t.into()
}
trait Tr {
    #[cfg(all())]
    #[guarded_callback]
    extern "C" fn a(&self) -> i32 {
        1
    }
    #[guarded_callback]
    #[cfg(any())]
    extern "C" fn a(&self) -> Missing;
}
impl Tr for S {
    #[cfg(any())]
    #[guarded_callback]
    extern "C" fn a(&self) -> i32 {
        2
    }
    #[cfg(not(any()))]
    #[guarded_callback]
    extern "C" fn a(&self) -> i32 {
        3
    }
}
#[guarded_callback]
mod all {
    #[cfg(any())]
    extern "C" fn x(a: Missing) {}
    #[cfg(all())]
    pub extern "C" fn x(#[cfg(all())] a: i32) -> i32 {
        a
    }
    #[cfg(any())]
    mod gone {
        extern "C" fn y(a: Missing) {}
    }
    #[cfg_attr(all(), inline)]
    pub extern "C" fn z() -> i32 {
        9
    }
}
fn main() {
    println!(
        "{} {} {} {} {}",
        S::gone_receiver(1),
        S(1).one_of(1),
        S(2).kept(),
        S(3).attr(1),
        generics(4i32)
    );
    println!(
        "{} {} {} {} {} {} {} {} {} {}",
        in_attributes(1, 3),
        statements(1),
        two(1, 2),
        attrs(),
        through(),
        through2(1),
        many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
        where_cfg(1i8),
        S(1).a(),
        all::x(1) + all::z()
    );
}
