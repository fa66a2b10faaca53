//! Traits: GATs, RPITIT, dyn, blanket impls, specialization by autoref, assoc consts.
#![allow(improper_ctypes_definitions, dead_code)]
use guarded_callback::guarded_callback;
use std::convert::TryInto;
use std::fmt::{Debug, Display};
trait Give {
    type Item<'a>
    where
        Self: 'a;
    extern "C" fn give<'a>(&'a mut self, n: usize) -> Option<Self::Item<'a>>;
}
struct Buf(Vec<u8>);
impl Give for Buf {
    type Item<'a> = &'a mut [u8];
    #[guarded_callback]
    extern "C" fn give<'a>(&'a mut self, n: usize) -> Option<Self::Item<'a>> {
        self.0.get_mut(..n)
    }
}
trait Iter {
    fn all(&self) -> impl Iterator<Item = u8> + '_;
    #[guarded_callback]
    fn twice(&self) -> impl Iterator<Item = u16> {
        self.all().map(|x| u16::from(x) * 2)
    }
}
impl Iter for Buf {
    #[guarded_callback]
    fn all(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.iter().copied()
    }
}
trait Visit {
    type Out: Debug;
    const TAG: &'static str;
    #[guarded_callback]
    extern "C" fn visit(&self, n: i32) -> (Self::Out, &'static str)
    where
        Self: Sized,
    {
        (self.out(n), Self::TAG)
    }
    fn out(&self, n: i32) -> Self::Out;
}
impl<T: Clone + Debug> Visit for Vec<T> {
    type Out = Vec<T>;
    const TAG: &'static str = "vec";
    #[guarded_callback]
    fn out(&self, n: i32) -> Self::Out {
        self.iter().cloned().cycle().take(n as usize).collect()
    }
}
impl Visit for () {
    type Out = i32;
    const TAG: &'static str = "unit";
    fn out(&self, n: i32) -> i32 {
        n
    }
}
trait Dyn {
    extern "C" fn name(&self) -> String;
    #[guarded_callback]
    extern "C" fn boxed(self: Box<Self>) -> String {
        format!("boxed {}", self.name())
    }
    #[guarded_callback]
    extern "C" fn twice(&self, k: &dyn Fn(&str) -> String) -> String {
        k(&self.name()) + &k(&self.name())
    }
}
impl Dyn for i32 {
    #[guarded_callback]
    extern "C" fn name(&self) -> String {
        format!("i32 {self}")
    }
}
impl Dyn for str {
    #[guarded_callback]
    extern "C" fn name(&self) -> String {
        format!("str {self}")
    }
    #[guarded_callback]
    extern "C" fn boxed(self: Box<Self>) -> String {
        self.into_string()
    }
}
impl Dyn for [u8] {
    #[guarded_callback]
    extern "C" fn name(&self) -> String {
        format!("{self:?}")
    }
}
// Autoref specialization.
struct W<T>(T);
trait ViaDisplay {
    fn show(&self) -> String;
}
impl<T: Display> ViaDisplay for &W<T> {
    fn show(&self) -> String {
        format!("D{}", self.0)
    }
}
trait ViaDebug {
    fn show(&self) -> String;
}
impl<T: Debug> ViaDebug for W<T> {
    fn show(&self) -> String {
        format!("?{:?}", self.0)
    }
}
#[guarded_callback]
extern "C" fn special(a: i32, b: Vec<i32>, c: &str) -> String {
    (&&W(a)).show() + &(&&W(b)).show() + &(&&W(c)).show()
}
#[guarded_callback]
extern "C" fn special_generic<T: Debug>(a: T) -> String {
    (&&W(a)).show()
}
// Which inherent or trait method.
struct M;
impl M {
    fn go(&self) -> &'static str {
        "inherent"
    }
}
trait Go {
    fn go(&self) -> &'static str;
    fn go_mut(&mut self) -> &'static str {
        "trait mut"
    }
}
impl Go for M {
    fn go(&self) -> &'static str {
        "trait"
    }
}
impl<T: Go> Go for &T {
    fn go(&self) -> &'static str {
        "ref"
    }
}
#[guarded_callback]
extern "C" fn which(a: M, b: &M, c: &&M, d: &mut M) -> String {
    format!("{} {} {} {} {}", a.go(), b.go(), c.go(), Go::go(&b), d.go_mut())
}
impl<'a, T> Dyn for (&'a T, &'static str)
where
    T: Dyn + ?Sized,
{
    #[guarded_callback]
    extern "C" fn name(&self) -> String {
        self.0.name() + self.1
    }
}
trait Assoc {
    const N: usize;
    type A<const K: usize>: Default;
    extern "C" fn arr() -> [u8; 3];
    extern "C" fn of<const K: usize>(x: Self::A<K>) -> Self::A<K>
    where
        Self: Sized;
}
impl Assoc for M {
    const N: usize = 3;
    type A<const K: usize> = [u8; 2];
    #[guarded_callback]
    extern "C" fn arr() -> [u8; 3] {
        [1; Self::N]
    }
    #[guarded_callback]
    extern "C" fn of<const K: usize>(mut x: Self::A<K>) -> Self::A<K> {
        x[0] = K as u8;
        x
    }
}
struct Gen<'a, T: 'a, const N: usize>([&'a T; N]);
impl<'a, T: 'a + Debug, const N: usize> Gen<'a, T, N>
where
    [u8; N]: Sized,
{
    const LAST: usize = N - 1;
    #[guarded_callback]
    extern "C" fn last(&self) -> &'a T {
        self.0[Self::LAST]
    }
    #[guarded_callback(fallback = None)]
    extern "C" fn get<I>(&self, i: I) -> Option<&'a T>
    where
        I: TryInto<usize>,
        <I as TryInto<usize>>::Error: Debug,
    {
        Some(self.0[i.try_into().unwrap()])
    }
    #[guarded_callback]
    fn map<U, F>(self, f: F) -> [U; N]
    where
        F: FnMut(&'a T) -> U,
    {
        self.0.map(f)
    }
    #[guarded_callback]
    extern "C" fn new(x: [&'a T; N]) -> Self {
        Self(x)
    }
}
impl<T: Dyn + ?Sized> Dyn for Box<T> {
    #[guarded_callback]
    extern "C" fn name(&self) -> String {
        (**self).name()
    }
}
impl PartialOrd for M {
    #[guarded_callback]
    fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> {
        None
    }
}
impl PartialEq for M {
    #[guarded_callback]
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl std::str::FromStr for M {
    type Err = std::num::ParseIntError;
    #[guarded_callback]
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let _: i32 = s.parse()?;
        Ok(M)
    }
}
impl From<M> for String {
    #[guarded_callback]
    fn from(_: M) -> Self {
        Self::from("m")
    }
}
impl<T> std::ops::Index<T> for M
where
    T: Into<usize>,
{
    type Output = str;
    #[guarded_callback]
    fn index(&self, i: T) -> &str {
        &"abcdef"[i.into()..]
    }
}
impl Display for M {
    #[guarded_callback]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "M")?;
        f.pad("x")
    }
}
impl Drop for Buf {
    #[guarded_callback]
    fn drop(&mut self) {
        println!("drop {:?}", self.0)
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut b = Buf(vec![1, 2, 3]);
    b.give(2).unwrap()[0] = 9;
    println!("{:?} {:?}", b.all().collect::<Vec<_>>(), b.twice().collect::<Vec<_>>());
    println!("{:?} {:?}", vec!['a', 'b'].visit(3), ().visit(4));
    println!(
        "{} {} {}",
        Box::new(3).boxed(),
        Box::<str>::from("s").boxed(),
        4.twice(&|s| s.to_uppercase())
    );
    let d: Box<dyn Dyn> = Box::new(5);
    println!("{} {} {}", d.name(), (&*d as &dyn Dyn).twice(&|x| x.into()), d.boxed());
    println!("{} {} {}", special(1, vec![2], "3"), special_generic(5), which(M, &M, &&M, &mut M));
    println!(
        "{} {:?} {:?}",
        ("a", "b").0.name() + &(&7, "z").name(),
        M::arr(),
        <M as Assoc>::of::<7>([0, 1])
    );
    let x = [1, 2];
    let g = Gen::new([&x[0], &x[1]]);
    println!("{} {:?} {:?} {:?}", g.last(), g.get(0u8), g.get(1i64), g.map(|x| x + 1));
    println!(
        "{} {:?} {:?} {} {} {} {}",
        [1u8][..].name(),
        M.partial_cmp(&M),
        "x".parse::<M>().map(|_| ()),
        String::from(M),
        &M[2u8],
        M,
        M == M
    );
}
