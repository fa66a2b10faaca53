//! Order of drops.
#![allow(improper_ctypes_definitions, dead_code, unused_variables)]
use guarded_callback::guarded_callback;
struct D(&'static str);
impl Drop for D {
    fn drop(&mut self) {
        print!("-{} ", self.0)
    }
}
fn d(n: &'static str) -> D {
    D(n)
}
struct Guard<'a>(&'a D);
impl Drop for Guard<'_> {
    fn drop(&mut self) {
        print!("guard({}) ", self.0.0)
    }
}
impl Guard<'_> {
    fn n(&self) -> usize {
        self.0.0.len()
    }
}
struct Pair {
    a: D,
    b: D,
}
#[guarded_callback]
extern "C" fn all(a: D, _: D, b: D, (c, _): (D, D), _z: D) {
    let x = D("x");
    let _ = D("now");
    let _y = D("y");
    print!("body ");
}
#[guarded_callback]
extern "C" fn moved(a: D, b: D, c: D) -> D {
    let r = b;
    drop(c);
    r
}
#[guarded_callback]
extern "C" fn returns_early(a: D, b: D, n: i32) -> i32 {
    let x = D("x");
    if n > 0 {
        return 1;
    }
    let y = D("y");
    2
}
#[guarded_callback]
extern "C" fn tail_temp(a: D) -> usize {
    let x = D("x");
    Guard(&a).n() + Guard(&D("t")).n()
}
#[guarded_callback]
extern "C" fn tail_match(a: D) -> usize {
    let l = D("l");
    match Guard(&a).n() {
        n => {
            n + {
                let _k = D("k");
                1
            }
        }
    }
}
#[guarded_callback]
extern "C" fn partial(p: Pair, Pair { a, .. }: Pair, Pair { b: ref q, .. }: Pair) -> D {
    let Pair { b, .. } = p;
    print!("{} ", q.0);
    b
}
#[guarded_callback]
extern "C" fn assigns(mut a: D, mut b: Option<D>) {
    a = D("new");
    b.take();
    b = Some(D("newer"));
    print!("end ");
}
#[guarded_callback]
extern "C" fn refs(ref a: D, &ref b: &D, ref mut c: D, d @ _: D) {
    c.0 = "C";
    print!("{} {} ", a.0, b.0)
}
#[guarded_callback]
extern "C-unwind" fn panics(a: D, _: D, b: D) {
    let c = D("c");
    if a.0 == "a" {
        panic!("x")
    }
    drop(b);
}
#[guarded_callback]
fn rust_panics(a: D, _: D, (b, _): (D, D)) -> D {
    let c = D("c");
    if a.0 == "a" {
        std::panic::panic_any(b)
    }
    c
}
#[guarded_callback(fallback = 9)]
extern "C" fn falls(a: D, _: D, b: D, n: i32) -> i32 {
    let c = D("c");
    if n > 1 {
        return 5;
    }
    3
}
#[guarded_callback(fallback = D("fb"))]
extern "C" fn falls_d(a: D, b: D) -> D {
    let c = b;
    a
}
#[guarded_callback]
extern "C" fn thirteen(
    a: D,
    _: D,
    c: D,
    _: D,
    e: D,
    _: D,
    g: D,
    _: D,
    i: D,
    _: D,
    k: D,
    l: D,
    m: D,
) {
    print!("b ");
    drop(k);
}
#[guarded_callback]
extern "C" fn boxed(f: Box<dyn FnOnce(D) -> D>, a: D) -> D {
    f(a)
}
#[guarded_callback]
extern "C" fn loops(v: Vec<D>) -> usize {
    let mut n = 0;
    for x in v {
        if x.0 == "2" {
            continue;
        }
        n += 1;
        if x.0 == "3" {
            break;
        }
    }
    n
}
#[guarded_callback]
extern "C" fn generic<T, U>(t: T, _: U, f: impl FnOnce(T)) {
    f(t);
    print!("g ");
}
#[guarded_callback]
extern "C" fn array([a, _, b]: [D; 3], [.., z]: [D; 2]) {
    drop(b);
}
#[guarded_callback]
extern "C" fn unit_result(a: D) -> () {
    let b = D("b");
}
#[guarded_callback]
extern "C" fn forgets(a: D, b: D) {
    std::mem::forget(b);
}
struct Own(D, D);
impl Own {
    #[guarded_callback]
    extern "C" fn value(self, a: D, _: D) {
        print!("v ");
    }
    #[guarded_callback]
    extern "C" fn destructure(self, a: D) -> D {
        let Self(x, _) = self;
        x
    }
    #[guarded_callback]
    fn rust(self: Box<Self>, _: D) -> D {
        self.1
    }
    #[guarded_callback]
    extern "C-unwind" fn unwinds(self, a: D) {
        let l = D("l");
        panic!()
    }
    #[guarded_callback(fallback = 1)]
    extern "C" fn falls(mut self, a: D) -> i32 {
        self.0 = D("n");
        let m = self;
        4
    }
    #[guarded_callback]
    extern "C" fn temp(&self) -> usize {
        Guard(&self.0).n() + Guard(&D("t")).n()
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    all(d("a"), d("_"), d("b"), (d("c1"), d("c2")), d("z"));
    println!();
    moved(d("a"), d("b"), d("c"));
    println!();
    returns_early(d("a"), d("b"), 1);
    println!();
    returns_early(d("a"), d("b"), 0);
    println!();
    tail_temp(d("a"));
    println!();
    tail_match(d("a"));
    println!();
    let p = |x, y| Pair { a: D(x), b: D(y) };
    partial(p("a", "b"), p("c", "d"), p("e", "f"));
    println!();
    assigns(d("a"), Some(d("b")));
    println!();
    refs(d("a"), &d("b"), d("c"), d("d"));
    println!();
    let _ = std::panic::catch_unwind(|| panics(d("a"), d("_"), d("b")));
    println!();
    panics(d("q"), d("_"), d("b"));
    println!();
    let _ = std::panic::catch_unwind(|| rust_panics(d("a"), d("_"), (d("b"), d("c"))));
    println!();
    println!("{}", falls(d("a"), d("_"), d("b"), 1));
    println!("{}", falls(d("a"), d("_"), d("b"), 2));
    falls_d(d("a"), d("b"));
    println!();
    thirteen(
        d("1"),
        d("2"),
        d("3"),
        d("4"),
        d("5"),
        d("6"),
        d("7"),
        d("8"),
        d("9"),
        d("10"),
        d("11"),
        d("12"),
        d("13"),
    );
    println!();
    boxed(
        Box::new(|x| {
            print!("in ");
            drop(x);
            D("r")
        }),
        d("a"),
    );
    println!();
    loops(vec![d("1"), d("2"), d("3"), d("4")]);
    println!();
    generic(d("t"), d("u"), |x| drop(x));
    println!();
    array([d("a"), d("b"), d("c")], [d("y"), d("z")]);
    println!();
    unit_result(d("a"));
    println!();
    forgets(d("a"), d("b"));
    println!();
    let o = || Own(d("0"), d("1"));
    o().value(d("a"), d("_"));
    println!();
    o().destructure(d("a"));
    println!();
    Box::new(o()).rust(d("a"));
    println!();
    let _ = std::panic::catch_unwind(|| o().unwinds(d("a")));
    println!();
    o().falls(d("a"));
    println!();
    o().temp();
    println!();
}
