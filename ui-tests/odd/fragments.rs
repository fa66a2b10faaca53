//! Functions that macros make, from fragments of every kind.
#![deny(warnings)]
#![allow(
    dead_code,
    improper_ctypes_definitions,
    unused_assignments,
    unused_variables,
    redundant_semicolons,
    clippy::all
)]
use guarded_callback::guarded_callback;
macro_rules! item {
    ($i:item) => {
        #[guarded_callback]
        $i
    };
}
item! { pub extern "C" fn from_item(n: i32) -> i32 { n + 1 } }
macro_rules! block { ($v:vis $n:ident ($($p:pat => $t:ty),*) $r:ty, $b:block) => {
    #[guarded_callback] $v extern "C" fn $n($($p: $t),*) -> $r $b } }
block! { pub(crate) from_block(_ => i32, (a, b) => (i32, i32), [c, ..] => [u8; 3]) i32, { fixed() }
    }
block! { from_block2(_ => i32) i32, { return 3; } }
fn fixed() -> i32 {
    5
}
macro_rules! with_self { ($s:ident, $n:ident, $b:expr) => { impl T { #[guarded_callback]
    extern "C" fn $n(&$s) -> i32 { $b } } } }
struct T(i32);
with_self!(self, get, self.0 + 1);
macro_rules! abi { ($abi:literal, $n:ident, $life:lifetime, $bound:path, $e:expr, $m:meta) => {
    #[$m] #[guarded_callback(fallback = $e, reserve = $e as usize * 1000)]
        extern $abi fn $n<$life, X: $bound + Into<i64>>(x: X, y: &$life i64) -> i64 {
        x.into() + *y } } }
abi!("C-unwind", lively, 'a, Copy, 99, inline(never));
abi!("C", lively2, 'b, Clone, { 3 + 96 }, allow(unused));
macro_rules! sizes { ($($n:ident = $r:literal),*) => { $( #[guarded_callback(reserve = $r)]
    extern "C" fn $n() -> &'static str { stringify!($n) } )* } }
sizes!(small = "32 KiB", large = "2 MiB", bytes = 100000);
macro_rules! opts { ($n:ident $($o:tt)*) => { #[guarded_callback($($o)*)]
    extern "C" fn $n(a: i32) -> i32 { if a > 1 { panic!() } a } } }
opts!(o1 fallback = 4, switch = always);
opts!(o2 foreign = stay, fallback = { let b = 4; b * 2 });
macro_rules! hidden_names {
    ($x:ident) => {
        #[guarded_callback]
        extern "C" fn two($x: i32, x: i32) -> i32 {
            $x * 10 + x
        }
    };
}
hidden_names!(x);
macro_rules! ty { ($($name:ident : $t:ty),*; $r:ty) => {
    #[guarded_callback(fallback = Default::default())] extern "C" fn typed($($name: $t),*) -> $r {
    $( let _: $t = $name; )* Default::default() } } }
ty!(a: Option<extern "C" fn(i32) -> i32>, b: &'static str, c: *const [u8; 4], d: fn(u8) -> Vec<u8>;
    (i32, String));
macro_rules! whole { ($($t:tt)*) => { #[guarded_callback] mod whole { $($t)* } } }
whole! { pub extern "C" fn w1(n: i32) -> i32 { n - 1 } pub fn w2() -> i32 { 2 } pub mod deep {
    pub extern "C" fn w3() -> u8 { b'x' } } }
macro_rules! nested { ($($n:ident)*) => { $( item! { extern "C" fn $n(v: [i32; 2]) -> i32 {
    let [a, b] = v; a - b } } )* } }
nested!(n1 n2);
macro_rules! statement { ($($s:stmt),* => $e:expr) => { #[guarded_callback]
    extern "C" fn statements() -> i32 { $($s;)* $e } } }
statement! { let mut q = 4, q *= 2 => q + 1 }
macro_rules! in_fn {
    ($e:expr) => {{
        #[guarded_callback]
        extern "C" fn local(n: i32) -> i32 {
            n + $e
        }
        local(1)
    }};
}
macro_rules! tr { ($tr:ident for $t:ty { $($f:item)* }) => { #[guarded_callback] impl $tr for $t {
    $($f)* } } }
trait Tt {
    extern "C" fn m(&self) -> i32;
    fn r(&self) -> i32 {
        8
    }
}
tr! { Tt for T { extern "C" fn m(&self) -> i32 { self.0 * 3 } } }
macro_rules! called { ($n:ident $f:expr, $r:expr, $e:expr) => {
    #[guarded_callback(fallback = $f(3) + $r[1] + $e[0])] extern "C" fn $n(x: i32) -> i32 {
    if x > 3 { panic!() } $f(x) + $r[1] + $e[0] } } }
called!(calls |y: i32| y * 5, &[7, 8], *&[1]);
macro_rules! shown { ($n:ident $t:ty) => { #[guarded_callback] fn $n(x: &$t) -> String {
    x.to_string() } } }
shown!(shows dyn std::fmt::Display);
shown!(shows_sent dyn std::fmt::Display + Send);
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!("{} {} {}", from_item(1), from_block(1, (2, 3), [1, 2, 3]), from_block2(1));
    println!("{} {} {}", T(4).get(), lively(1_i32, &2), lively2(1_i32, &4));
    println!("{} {} {} {} {} {} {}", small(), large(), bytes(), o1(1), o1(1), o2(0), o2(1));
    println!("{} {:?}", two(1, 2), typed(None, "", std::ptr::null(), |_| vec![]));
    println!(
        "{} {} {} {} {} {} {}",
        whole::w1(1),
        whole::w2(),
        whole::deep::w3(),
        n1([3, 2]),
        n2([1, 2]),
        statements(),
        in_fn!(5)
    );
    println!("{} {}", T(2).m(), T(2).r());
    println!("{} {} {}", calls(1), shows(&2), shows_sent(&3));
}
