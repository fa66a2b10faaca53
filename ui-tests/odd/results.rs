//! Result types.
#![allow(improper_ctypes_definitions, dead_code)]
#![warn(unused)]
use guarded_callback::guarded_callback;
use std::{
    borrow::Cow,
    error::Error,
    fmt::{Debug, Display},
    future::Future,
    pin::Pin,
    rc::Rc,
};
enum Void {}
use std::convert::Infallible;
macro_rules! ret { (display) => { impl Display }; (int) => { i32 }; (boxed) => { Box<dyn Fn(i32) ->
    i32> } }
#[guarded_callback]
extern "C" fn never(n: i32) -> ! {
    loop {
        if n > 0 {
            std::process::exit(n - 1)
        }
    }
}
#[guarded_callback]
extern "C" fn void(v: Void) -> i32 {
    match v {}
}
#[guarded_callback]
extern "C" fn to_void(n: i32) -> Void {
    std::process::exit(n)
}
#[guarded_callback]
extern "C" fn infallible(r: Result<i32, Infallible>) -> i32 {
    let Ok(n) = r;
    n
}
#[guarded_callback]
extern "C" fn unsized_coercions(n: i32) -> Box<dyn Debug> {
    if n > 1 {
        return Box::new("s");
    }
    match n {
        0 => Box::new(1),
        _ => Box::new([2]),
    }
}
#[guarded_callback]
extern "C" fn slices(n: &[i32; 4]) -> &[i32] {
    n
}
#[guarded_callback]
extern "C" fn fn_ptr(n: i32) -> fn(i32) -> i32 {
    if n > 0 { |x| x + 1 } else { helper }
}
fn helper(n: i32) -> i32 {
    n * 2
}
#[guarded_callback]
extern "C" fn opt_ptr(n: i32) -> Option<extern "C" fn(i32) -> i32> {
    #[guarded_callback]
    extern "C" fn a(x: i32) -> i32 {
        x + 10
    }
    (n > 0).then_some(a)
}
#[guarded_callback]
extern "C" fn raw(n: &mut i32) -> *mut i32 {
    n
}
#[guarded_callback]
extern "C" fn raw_const(n: &mut i32) -> *const i32 {
    n
}
#[guarded_callback]
extern "C" fn cow(s: &str) -> Cow<'_, str> {
    if s.is_empty() { "empty".into() } else { Cow::Borrowed(s) }
}
#[guarded_callback]
fn errors(s: &str) -> Result<i32, Box<dyn Error>> {
    let n: i32 = s.parse()?;
    if n < 0 {
        Err("negative")?
    }
    if n > 9 {
        return Err(format!("{n}").into());
    }
    Ok(n)
}
#[guarded_callback]
fn opts(v: &[&str]) -> Option<i32> {
    let first = v.first()?;
    let n = first.parse().ok()?;
    Some(n)
}
#[guarded_callback]
fn im(n: i32) -> impl Display + Debug {
    n
}
#[guarded_callback]
fn im_ref<'a>(v: &'a [String]) -> impl Iterator<Item = &'a str> + Clone + 'a {
    v.iter().map(|s| s.as_str())
}
#[guarded_callback]
fn im_elided(v: &[String]) -> impl Iterator<Item = &str> {
    v.iter().map(String::as_str).filter(|s| !s.is_empty())
}
#[guarded_callback]
fn im_box() -> Box<impl Fn(i32) -> i32> {
    Box::new(|x: i32| x + 3)
}
#[guarded_callback]
fn im_nested(n: i32) -> Result<(impl Display, Vec<impl Debug>), Box<dyn Error>> {
    if n > 3 {
        return Err("big".into());
    }
    Ok((n, vec![n]))
}
#[guarded_callback]
fn im_dyn() -> Box<dyn Iterator<Item = i32>> {
    Box::new((0..3).map(|x| x * x))
}
#[guarded_callback]
fn im_arr<const N: usize>() -> [impl Default + Debug; N] {
    [0u8; N]
}
#[guarded_callback]
fn im_rec(n: u32) -> impl Display {
    if n == 0 {
        return String::new();
    }
    format!("{n}{}", im_rec_helper(n - 1))
}
fn im_rec_helper(n: u32) -> String {
    im_rec(n).to_string()
}
#[guarded_callback]
fn fut<'a>(s: &'a str) -> impl Future<Output = usize> + 'a {
    async move { s.len() }
}
#[guarded_callback]
fn pinned<'a>(
    s: &'a str,
) -> Pin<Box<dyn Future<Output = Result<usize, Box<dyn Error>>> + Send + 'a>> {
    Box::pin(async move {
        let n: usize = s.parse()?;
        Ok(n)
    })
}
#[guarded_callback]
fn by_macro(n: i32) -> ret!(int) {
    n
}
#[guarded_callback]
fn by_macro_box(n: i32) -> ret!(boxed) {
    Box::new(move |x| x + n)
}
#[guarded_callback]
fn closures_infer() -> Box<dyn Fn(&str) -> usize> {
    Box::new(|s| s.len())
}
#[guarded_callback]
fn generic_default<T: Default>() -> T {
    Default::default()
}
#[guarded_callback]
fn collects<B: std::iter::FromIterator<i32>>(n: i32) -> B {
    (0..n).collect()
}
#[guarded_callback]
fn parse_infer(s: &str) -> u16 {
    s.parse().unwrap_or_default()
}
#[guarded_callback]
fn int_infer(n: bool) -> u8 {
    let x = 200;
    if n { x } else { 1 << 7 }
}
#[guarded_callback]
fn float() -> f32 {
    1.0 / 3.0
}
#[guarded_callback]
fn tuple() -> (u8, &'static str, [f64; 2], char) {
    (255, "x", [0.1; 2], '\u{e9}')
}
#[guarded_callback]
fn nested_ret(n: i32) -> impl Fn(i32) -> Box<dyn Fn(i32) -> i32> {
    move |a: i32| -> Box<dyn Fn(i32) -> i32> { Box::new(move |b| a + b + n) }
}
#[guarded_callback]
fn dyn_lt(x: &Rc<dyn Fn(&str) -> String>) -> &(dyn Fn(&str) -> String + 'static) {
    &**x
}
#[guarded_callback]
fn array_len() -> [u8; {
    const fn k() -> usize {
        2
    }
    k() + 1
}] {
    [1; 3]
}
#[guarded_callback]
fn qself() -> <Vec<i32> as IntoIterator>::IntoIter {
    vec![1].into_iter()
}
#[guarded_callback]
fn hr() -> for<'a> fn(&'a str) -> &'a str {
    fn f(s: &str) -> &str {
        &s[1..]
    }
    f
}
#[guarded_callback]
fn unit_expr(v: &mut Vec<i32>) {
    v.push(1)
}
#[guarded_callback]
fn unit_ret(v: &mut Vec<i32>) -> () {
    return v.push(1);
}
#[guarded_callback]
fn static_promoted() -> &'static [i32] {
    &[1, 2, 3]
}
#[guarded_callback]
fn labeled(n: i32) -> i32 {
    'a: {
        if n > 2 {
            break 'a 1;
        }
        2
    }
}
#[guarded_callback]
fn try_like(n: i32) -> Result<i32, i32> {
    (|| {
        Err(n)?;
        Ok(1)
    })()
}
#[guarded_callback]
fn use_bound<'a, T: Debug>(t: &'a T, _o: &i32) -> impl Debug + use<'a, T> {
    t
}
struct Cap<'a>(&'a str);
impl<'a> Cap<'a> {
    #[guarded_callback]
    fn get(&self) -> &'a str {
        self.0
    }
    #[guarded_callback]
    fn it(&self) -> impl Iterator<Item = char> + use<'a> {
        self.0.chars()
    }
    #[guarded_callback]
    fn with(self: &Self, f: impl FnOnce(&'a str) -> Cow<'a, str>) -> Cow<'a, str> {
        f(self.0)
    }
}
fn block<F: Future>(f: F) -> F::Output {
    let mut f = std::pin::pin!(f);
    let mut c = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(r) = f.as_mut().poll(&mut c) {
            return r;
        }
    }
}
fn main() {
    println!(
        "{} {:?} {:?} {:?} {}",
        infallible(Ok(1)),
        unsized_coercions(2),
        unsized_coercions(0),
        slices(&[1; 4]),
        fn_ptr(1)(2) + fn_ptr(0)(3)
    );
    println!(
        "{:?} {} {}",
        opt_ptr(1).map(|f| f(1)),
        unsafe { *raw(&mut 3) + *raw_const(&mut 4) },
        cow("")
    );
    for s in ["1", "x", "-1", "10"] {
        println!("{:?} {:?}", errors(s).map_err(|e| e.to_string()), opts(&[s]));
    }
    let v = ["a".to_string(), String::new()];
    println!(
        "{} {:?} {:?} {} {:?} {:?} {:?} {}",
        im(1),
        im_ref(&v).collect::<Vec<_>>(),
        im_elided(&v).collect::<Vec<_>>(),
        im_box()(1),
        im_nested(1).map(|x| (x.0.to_string(), x.1)).ok(),
        im_dyn().collect::<Vec<_>>(),
        im_arr::<2>(),
        im_rec(3)
    );
    println!(
        "{} {:?} {} {} {} {} {:?} {}",
        block(fut("abc")),
        block(pinned("12")).ok(),
        by_macro(1),
        by_macro_box(1)(2),
        closures_infer()("ab"),
        generic_default::<i32>(),
        collects::<Vec<_>>(3),
        parse_infer("7")
    );
    println!(
        "{} {} {:?} {} {} {:?} {:?} {}",
        int_infer(true),
        float(),
        tuple(),
        nested_ret(1)(2)(3),
        dyn_lt(&(Rc::new(|s: &str| s.to_uppercase()) as Rc<dyn Fn(&str) -> String>))("q"),
        array_len(),
        qself().collect::<Vec<_>>(),
        hr()("abc")
    );
    let mut v = vec![];
    unit_expr(&mut v);
    unit_ret(&mut v);
    println!(
        "{v:?} {:?} {} {:?} {:?}",
        static_promoted(),
        labeled(3),
        try_like(4),
        use_bound(&1, &2)
    );
    let c = Cap("xyz");
    println!("{} {:?} {}", c.get(), c.it().collect::<String>(), c.with(|s| s.into()));
    never(1)
}
