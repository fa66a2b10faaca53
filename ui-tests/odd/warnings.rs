//! Warnings of every kind, at their places.
#![warn(
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    let_underscore,
    missing_docs,
    missing_copy_implementations,
    missing_debug_implementations,
    trivial_casts,
    trivial_numeric_casts,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    single_use_lifetimes,
    unreachable_pub,
    redundant_lifetimes,
    unit_bindings,
    unsafe_code,
    unsafe_op_in_unsafe_fn,
    ffi_unwind_calls,
    variant_size_differences,
    explicit_outlives_requirements,
    unused_import_braces,
    non_ascii_idents,
    closure_returning_async_block,
    redundant_imports,
    unnameable_types
)]
use guarded_callback::guarded_callback;
use std::fmt::Debug;
#[guarded_callback]
pub extern "C" fn undocumented(a: i32) -> i32 {
    let b = 1;
    a
}
/// D.
#[guarded_callback]
pub unsafe extern "C" fn reads(p: *const i32, q: *mut u8) -> i32 {
    *q = 1;
    unsafe { *p }
}
/// D.
#[guarded_callback]
pub extern "C" fn strings(a: String, b: &str, c: Vec<u8>) -> Box<dyn Debug> {
    let _ = b;
    Box::new((a, c))
}
/// D.
#[guarded_callback]
pub extern "C" fn lives<'a>(a: &'a u8) -> u8 {
    *a
}
/// D.
#[guarded_callback]
pub extern "C" fn lives2<'a>() -> &'a str {
    ""
}
/// D.
#[guarded_callback]
pub extern "C" fn lives3<'a, 'b>(a: &'a u8) -> &'a u8 {
    a
}
/// D.
#[guarded_callback]
pub extern "C" fn lives4(a: Hold<'_>) -> Hold {
    Hold(a.0)
}
/// H.
pub struct Hold<'a>(&'a u8);
#[guarded_callback]
extern "C" fn unused_fn() {}
#[guarded_callback]
extern "C" fn NotSnake(Param: i32) -> i32 {
    let LocalVar = Param;
    LocalVar
}
#[guarded_callback]
extern "C" fn after_return() -> i32 {
    return 1;
    2
}
#[guarded_callback]
extern "C" fn after_panic(a: i32) -> i32 {
    panic!();
    a
}
#[guarded_callback]
extern "C" fn loops() -> i32 {
    loop {
        break 1;
        println!("x");
    }
}
#[guarded_callback]
extern "C" fn parens(a: i32) -> i32 {
    if (a > 1) {
        return (a);
    }
    let b = (a + 1);
    while (false) {}
    ({ b })
}
#[guarded_callback]
extern "C" fn braces(a: i32) -> i32 {
    let x = { a };
    { x }
}
#[guarded_callback]
extern "C" fn single_brace(a: i32) -> i32 {
    { a }
}
#[guarded_callback]
extern "C" fn single_paren(a: i32) -> i32 {
    (a)
}
#[guarded_callback]
extern "C" fn casts(a: i32, b: &u8) -> i64 {
    let _x = a as i32;
    let _y = b as *const u8;
    i64::from(a)
}
#[guarded_callback]
extern "C" fn must() {
    Ok::<i32, i32>(1);
    must_use_me();
    "a".len();
    let _ = std::sync::Mutex::new(1).lock();
}
#[must_use]
#[guarded_callback]
extern "C" fn must_use_me() -> i32 {
    3
}
#[guarded_callback]
extern "C" fn labels() {
    'a: loop {
        break;
    }
    let mut unneeded = 1;
    println!("{unneeded}");
    use std::fmt::Display;
}
#[guarded_callback]
extern "C" fn unsafes() {
    unsafe { println!() }
    unsafe {
        unsafe {
            reads(&1, &mut 2);
        }
    }
}
#[guarded_callback]
extern "C" fn matches(a: Option<i32>) -> i32 {
    match a {
        Some(x) => 1,
        None => 2,
        _ => 3,
    }
}
#[guarded_callback]
extern "C" fn dead_local() {
    fn inner() {}
    struct S;
    enum E {
        A,
        B,
    }
    const K: i32 = 1;
    let _ = E::A;
}
#[guarded_callback]
extern "C" fn assigned() -> i32 {
    let mut a = 1;
    a = 2;
    let b;
    b = 3;
    let mut c = 4;
    c += 1;
    b
}
#[guarded_callback]
extern "C-unwind" fn calls(f: extern "C-unwind" fn()) {
    f()
}
#[guarded_callback]
extern "C" fn unit_let() {
    let _a = println!();
    let b = ();
}
#[guarded_callback]
#[deprecated]
extern "C" fn old() {}
#[guarded_callback]
extern "C" fn uses_old() {
    old();
    std::mem::uninitialized::<u8>;
}
#[guarded_callback]
extern "C" fn compares(a: u8, f: fn(), g: fn()) -> bool {
    a >= 0 && f == g
}
#[guarded_callback]
extern "C" fn inner_impl(a: i32) -> i32 {
    struct L;
    impl L {
        fn unused(&self) {}
    }
    impl Clone for Priv {
        fn clone(&self) -> Self {
            Priv
        }
    }
    a
}
struct Priv;
#[guarded_callback]
pub extern "C" fn private_type(a: Priv) -> Priv {
    a
}
#[guarded_callback]
extern "C" fn redundant(a: i32) {
    let _ = a;
}
#[guarded_callback]
extern "C" fn shadow_prelude(a: &[i32; 2]) {
    for _x in a.into_iter() {}
    let _: Vec<_> = IntoIterator::into_iter(a).collect();
}
#[guarded_callback]
extern "C" fn drops(m: &std::sync::Mutex<Vec<i32>>) -> usize {
    if let Some(x) = m.lock().unwrap().first() { *x as usize } else { m.lock().unwrap().len() }
}
#[guarded_callback]
extern "C" fn tail(m: &std::cell::RefCell<Vec<i32>>) -> usize {
    let x = std::cell::RefCell::new(1);
    let sum = m.borrow().len() + *x.borrow() as usize;
    sum
}
#[guarded_callback]
fn future(a: i32) -> impl std::future::Future<Output = i32> {
    let f = || async { 1 };
    f();
    async move { a }
}
/// T.
pub trait Tr {
    /// M.
    extern "C" fn m(&self, unused: i32, _: u8);
    /// N.
    #[guarded_callback]
    extern "C" fn n(&self, unused: i32) {}
    #[guarded_callback]
    extern "C" fn undoc(&self) -> i32 {
        let x = 1;
        1
    }
}
impl Tr for u8 {
    #[guarded_callback]
    extern "C" fn m(&self, unused: i32, other: u8) {}
}
impl Hold<'_> {
    #[guarded_callback]
    pub extern "C" fn undoc(&self) -> &u8 {
        let z = 1;
        self.0
    }
    #[guarded_callback]
    extern "C" fn never_used(self) {}
    #[guarded_callback]
    pub(crate) extern "C" fn elided(&self, o: &Hold) -> Hold {
        let _ = o;
        Hold(self.0)
    }
}
#[guarded_callback]
#[allow(unused_variables)]
extern "C" fn allowed(a: i32) {
    let b = 1;
}
#[guarded_callback]
#[expect(unused_variables)]
extern "C" fn expected(a: i32) {
    let b = 1;
}
#[guarded_callback]
#[expect(unused_mut)]
extern "C" fn expected_not(a: i32) {
    let b = 1;
}
#[guarded_callback]
extern "C" fn expects_in_body(a: i32) -> i32 {
    #[expect(unused_variables)]
    let b = 1;
    #[expect(unused_mut)]
    let c = 2;
    #[allow(clippy::all)]
    let d = 3;
    a
}
#[guarded_callback(reserve = SIZE)]
extern "C" fn with_size() {}
const SIZE: usize = 70000;
const UNUSED_SIZE: usize = 1;
#[guarded_callback(fallback = -1)]
extern "C" fn with_fallback() -> i32 {
    1
}
#[guarded_callback]
extern "C" fn é(ö: i32) -> i32 {
    ö
}
mod m {
    use guarded_callback::guarded_callback;
    #[guarded_callback]
    pub extern "C" fn unreachable_pub_fn() {}
    #[guarded_callback]
    pub(super) extern "C" fn ok() {}
}
fn main() {
    m::ok();
    println!("{}", é(1));
}
