//! Macros by example with every kind of fragment.
#![allow(improper_ctypes_definitions, dead_code)]
#![warn(unused)]
use guarded_callback::guarded_callback;
macro_rules! everything { ($(#[$attr:meta])* $vis:vis unsafe extern $abi:literal fn $name:ident
    <$life:lifetime, $gen:ident : $bound:path> ($($arg:ident : $ty:ty),*) -> $ret:ty where $w:ty :
    $wb:path $body:block) => { $(#[$attr])* #[guarded_callback] $vis unsafe extern $abi fn
    $name<$life, $gen: $bound>($($arg: $ty),*) -> $ret where $w: $wb $body } }
everything! { #[inline(never)] #[must_use] pub(crate) unsafe extern "C" fn every<'a, T: Clone>(x:
    &'a T, n: usize) -> Vec<T> where T: Send { let unused = 1; vec![x.clone(); n] } }
macro_rules! handlers { ($($event:ident => |$this:ident, $($p:ident: $t:ty),*| $body:expr;)*) => {
    $( #[guarded_callback] extern "C" fn $event($this: &mut State, $($p: $t),*) -> i64 { $body } )*
    } }
#[derive(Default)]
struct State {
    n: i64,
}
handlers! { open => |s, a: i32| { s.n += i64::from(a); s.n }; close => |st, a: i32, b: &str| st.n *
    i64::from(a) + b.len() as i64; nothing => |_s,| 0; }
macro_rules! impls { ($trait:ident { $($f:ident -> $r:ty = $e:expr),* } for $t:ty) => { trait
    $trait { $( extern "C" fn $f(&self) -> $r; )* } impl $trait for $t { $( #[guarded_callback]
    extern "C" fn $f(&self) -> $r { let it = self; let _ = it; $e } )* } } }
impls! { Named { name -> &'static str = "name", size -> usize = std::mem::size_of::<Self>()
    } for (i64, u8) }
macro_rules! tt_muncher { (@go [$($done:tt)*] ) => { $($done)* }; (@go [$($done:tt)*] cb $n:ident
    $e:tt $($rest:tt)*) => { tt_muncher! { @go [$($done)* #[guarded_callback] extern "C" fn $n(a:
    i32) -> i32 { a + $e }] $($rest)* } }; ($($t:tt)*) => { tt_muncher! { @go [] $($t)* } } }
tt_muncher! { cb m1 1 cb m2 (2 * 3) cb m3 { 4 } }
macro_rules! expr_pieces { ($n:ident, $a:expr, $b:expr, $op:tt, $pat:pat, $lit:literal, $stmt:stmt,
    $p:path, $l:lifetime) => { #[guarded_callback] extern "C" fn $n(x: i32) -> i32 { $stmt; $l:
    loop { match x { $pat => break $l, _ => return $lit } } let r: $p = $a $op $b; r } } }
expr_pieces!(pieces, 1 + 2, 3 + 4, *, 1, -5, let _q = 3, std::primitive::i32, 'outer);
macro_rules! closure_arg {
    ($n:ident $f:expr) => {
        #[guarded_callback(reserve = { const N: usize = 3; N * 30_000 }, fallback = ($f)(0))]
        extern "C" fn $n(x: i32) -> i32 {
            if x > 5 {
                panic!()
            }
            ($f)(x)
        }
    };
}
closure_arg!(squared |y: i32| y * y + 1);
macro_rules! nested_macro {
    ($d:tt $n:ident) => {
        #[guarded_callback]
        extern "C" fn $n(x: i32) -> i32 {
            macro_rules! inner { ($d($d y:expr),*) => { 0 $d(+ $d y)* } }
            inner!(x, 1, 2)
        }
    };
}
nested_macro!($ nm);
macro_rules! whole_item { ($($i:item)*) => { $( #[guarded_callback(switch = always)] $i )* } }
whole_item! { extern "C" fn w1(a: i32) -> i32 { a } #[inline] pub unsafe extern "C" fn w2(p: *const
    u8) -> u8 { unsafe { *p } } impl State { extern "C" fn w3(&self) -> i64 { self.n } } mod wm {
    pub extern "C" fn w4() -> i32 { 4 } } }
macro_rules! ty_positions {
    ($t:ty, $u:ty) => {
        #[guarded_callback]
        extern "C" fn typos(
            a: $t,
            b: &$t,
            c: *const $t,
            d: Option<$t>,
            e: fn($t) -> $u,
            f: [$u; 2],
            g: &mut dyn FnMut($t) -> $u,
            h: ($t, $u),
        ) -> Result<$u, $t> {
            let _ = (b, c, d, h);
            g(a);
            let x: $u = e(a);
            if a > 3 as $t { Err(a) } else { Ok(x + f[0]) }
        }
    };
}
ty_positions!(u8, i64);
macro_rules! dyn_ty {
    ($t:ty) => {
        #[guarded_callback]
        extern "C" fn dyn_ref(a: &$t) -> String {
            a.to_string()
        }
    };
}
dyn_ty!(dyn std::fmt::Display + Send);
macro_rules! hyg {
    ($x:ident) => {
        #[guarded_callback(fallback = $x + x)]
        extern "C" fn hyg($x: i32, x: i32) -> i32 {
            let y = $x;
            let $x = x;
            if y == 9 {
                panic!()
            }
            y * 100 + $x * 10 + x
        }
    };
}
hyg!(x);
macro_rules! self_ident { ($self:ident) => { impl State { #[guarded_callback] extern "C" fn
    si($self: &mut Self, d: i64) -> i64 { $self.n += d; $self.n } #[guarded_callback] fn sv(mut
    $self) -> i64 { $self.n += 1; $self.n } } } }
self_ident!(self);
macro_rules! options { ($($k:ident = $v:tt),*; $n:ident) => { #[guarded_callback($($k = $v),*)]
    extern "C" fn $n() -> i32 { 6 } } }
options!(reserve = "64 KiB", switch = never; o1);
options!(fallback = (-1), foreign = stay; o2);
options!(; o3);
macro_rules! vis_none { ($v:vis $n:ident $(-> $r:ty)? $b:block) => { #[guarded_callback] $v extern
    "C" fn $n() $(-> $r)? $b } }
vis_none!(vn1 {});
vis_none!(pub vn2 -> u8 { 3 });
vis_none!(pub(in crate) vn3 -> ! { std::process::exit(0) });
macro_rules! count { () => { 0 }; ($h:tt $($t:tt)*) => { 1 + count!($($t)*) } }
macro_rules! arr { ($($n:ident),*) => { #[guarded_callback] extern "C" fn arr($($n: u8),*) -> [u8;
    count!($($n)*)] { [$($n),*] } } }
arr!(a, b, c);
fn trailing() -> i32 {
    let r = tail(3);
    #[guarded_callback]
    extern "C" fn tail(n: i32) -> i32 {
        n
    }
    return r;
    #[guarded_callback]
    extern "C" fn unused_tail() {}
}
fn only_item() {
    #[guarded_callback]
    extern "C" fn nothing() {}
}
const _: () = {
    #[guarded_callback]
    extern "C" fn in_const() {}
};
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut s = State::default();
    unsafe {
        println!("{:?}", every(&'a', 2));
    }
    println!("{} {} {}", open(&mut s, 3), close(&mut s, 2, "ab"), nothing(&mut s));
    println!("{} {} {}", (3i64, 1u8).name(), (1i64, 2u8).size(), 1);
    println!(
        "{} {} {} {} {} {} {} {}",
        m1(1),
        m2(1),
        m3(1),
        pieces(1),
        pieces(9),
        squared(3),
        squared(4),
        nm(1)
    );
    println!(
        "{} {} {} {} {:?} {} {} {} {} {}",
        w1(1),
        unsafe { w2(&2) },
        s.w3(),
        wm::w4(),
        typos(1, &2, &3, None, |x| x.into(), [4, 5], &mut |x| x.into(), (1, 2)),
        dyn_ref(&5),
        hyg(1, 2),
        hyg(2, 1),
        s.si(4),
        s.sv()
    );
    vn1();
    println!("{} {} {} {} {:?} {} {}", o1(), o2(), o3(), vn2(), arr(1, 2, 3), 1, trailing());
    only_item();
    let _ = vn3 as extern "C" fn() -> !;
}
