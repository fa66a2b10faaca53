//! Generics, lifetimes, `impl Trait`, const generics, `Self`.
#![deny(warnings)]
#![allow(dead_code, improper_ctypes_definitions, unused_assignments, clippy::all)]
use guarded_callback::guarded_callback;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
struct Wrap<'a, T: ?Sized, const N: usize>(&'a T, [u8; N]);
impl<'a, T: Debug + ?Sized, const N: usize> Wrap<'a, T, N>
where
    T: 'a,
{
    const LEN: usize = N * 2;
    #[guarded_callback]
    extern "C" fn elided(&self, other: &str) -> &T {
        let _ = other;
        self.0
    }
    #[guarded_callback]
    extern "C" fn long(&self) -> &'a T {
        self.0
    }
    #[guarded_callback(reserve = Self::LEN * 40_000)]
    extern "C" fn of_self(&self) -> usize {
        Self::LEN
    }
    #[guarded_callback(fallback = [0; N])]
    extern "C" fn array(self: &Self) -> [u8; N] {
        self.1
    }
    #[guarded_callback]
    extern "C" fn of<const M: usize, U>(self: &Rc<Self>, x: [U; M]) -> (usize, usize, [U; M]) {
        (N, M, x)
    }
    #[guarded_callback]
    extern "C" fn pinned(self: Pin<&mut Self>) -> &mut [u8; N]
    where
        T: 'a,
    {
        &mut self.get_mut().1
    }
    #[guarded_callback]
    fn consumed(self) -> Self {
        Self(self.0, self.1)
    }
    #[guarded_callback]
    fn new(of: &'a T) -> Self {
        Self(of, [7; N])
    }
    #[guarded_callback]
    fn build(of: &'a T) -> Result<Self, Box<dyn Debug + 'a>>
    where
        Self: Sized,
    {
        Ok(Wrap::<'a, T, N>(of, [8; N]))
    }
}
#[guarded_callback]
extern "C" fn tuple_of_impl(n: u8) -> (impl Display, Box<impl Fn(u8) -> u8>) {
    (format!("<{n}>"), Box::new(move |x: u8| x + n))
}
#[guarded_callback]
fn option_of_impl<'a>(x: &'a [i32]) -> Option<impl Iterator<Item = &'a i32> + 'a> {
    Some(x.iter().rev())
}
#[guarded_callback]
extern "C" fn array_of_impl() -> [impl Debug + Copy; 2] {
    [(1, 'x'), (2, 'y')]
}
#[guarded_callback]
fn argument(f: impl Fn(i32) -> i32, n: impl Into<i32> + Copy) -> i32 {
    f(n.into())
}
#[guarded_callback]
extern "C" fn higher(f: for<'x> fn(&'x str) -> &'x str, s: &str) -> usize {
    f(s).len()
}
#[guarded_callback]
extern "C" fn bounds<'a, 'b: 'a, T>(x: &'a T, y: &'b T) -> &'a T
where
    T: PartialOrd + ?Sized,
    &'a T: Debug,
{
    if x > y { x } else { y }
}
#[guarded_callback]
extern "C" fn consts<const B: bool, const C: char>() -> &'static str {
    if B {
        "yes"
    } else if C == 'x' {
        "x"
    } else {
        "no"
    }
}
#[guarded_callback]
extern "C" fn reserve_const<const N: usize>() -> usize {
    N
}
#[guarded_callback(reserve = N)]
extern "C" fn reserve_generic<const N: usize>(_: [u8; 3], x: &mut u8) -> usize {
    *x += 1;
    N
}
#[guarded_callback(reserve = size_of::<T>() + 100_000, fallback = x)]
extern "C" fn reserve_type<T>(x: u8, _y: PhantomData<T>) -> u8 {
    if x > 3 {
        panic!()
    }
    x + 1
}
trait Shape {
    const SIDES: u32;
    type Out;
    extern "C" fn area(&self) -> Self::Out;
    #[guarded_callback]
    extern "C" fn sides(&self) -> u32
    where
        Self: Sized,
    {
        Self::SIDES
    }
}
struct Square(f64);
impl Shape for Square {
    const SIDES: u32 = 4;
    type Out = f64;
    #[guarded_callback]
    extern "C" fn area(&self) -> Self::Out {
        self.0 * self.0
    }
}
impl<T: Shape<Out = f64>> Shape for Vec<T> {
    const SIDES: u32 = T::SIDES * 2;
    type Out = (f64, usize);
    #[guarded_callback]
    extern "C" fn area(&self) -> <Self as Shape>::Out {
        (self.iter().map(|x| x.area()).sum(), self.len())
    }
}
struct Selfish {
    next: Option<Box<Selfish>>,
    n: i32,
}
impl Selfish {
    #[guarded_callback]
    extern "C" fn in_places(x: Option<Box<Self>>, f: fn(&Self) -> i32) -> i32 {
        enum Local {
            A(i32),
        }
        let Local::A(base) = Local::A(1);
        let Self { n, next } = Self { next: x, n: 4 };
        let g = |s: &Self| s.n * 2;
        n + base + next.as_deref().map_or(0, |s| f(s) + g(s))
    }
    #[guarded_callback]
    extern "C" fn with_array(
        self: Box<Self>,
        _: [(); {
            fn f() -> usize {
                2
            }
            const N: usize = 2;
            let _ = f;
            N
        }],
    ) -> i32 {
        self.n
    }
}
fn main() {
    let w = Wrap::<str, 3>("text", [1, 2, 3]);
    println!(
        "{} {} {} {:?} {:?}",
        w.elided("x"),
        w.long(),
        w.of_self(),
        w.array(),
        Rc::new(Wrap::<str, 1>("t", [1])).of([1, 2])
    );
    let mut w = Wrap::<'_, [i32], 2>::new(&[1]).consumed();
    println!(
        "{:?} {:?}",
        Pin::new(&mut w).pinned(),
        Wrap::<u8, 2>::build(&3).unwrap_or_else(|_| panic!()).1
    );
    let (d, f) = tuple_of_impl(3);
    println!(
        "{d} {} {:?} {:?}",
        f(4),
        option_of_impl(&[1, 2]).unwrap().collect::<Vec<_>>(),
        array_of_impl()
    );
    println!(
        "{} {} {} {} {}",
        argument(|x| x + 1, 3_i16),
        higher(|s| &s[1..], "abc"),
        bounds("a", "b"),
        consts::<false, 'x'>(),
        reserve_const::<7>()
    );
    let mut x = 1;
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{} {x} {} {}",
        reserve_generic::<70_000>([1; 3], &mut x),
        reserve_type::<[u8; 9]>(3, PhantomData),
        reserve_type::<i8>(1, PhantomData)
    );
    println!(
        "{} {:?} {} {}",
        Square(2.0).area(),
        vec![Square(1.0), Square(2.0)].area(),
        Square(1.0).sides(),
        Vec::<Square>::new().sides()
    );
    println!(
        "{} {}",
        Selfish::in_places(Some(Box::new(Selfish { next: None, n: 5 })), |s| s.n),
        Box::new(Selfish { next: None, n: 6 }).with_array([(), ()])
    );
}
