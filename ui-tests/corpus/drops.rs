//! The order in which arguments, their parts and `self` are dropped.
#![allow(dead_code, unused_variables, clippy::all)]
use guarded_callback::guarded_callback;
struct Loud(&'static str);
impl Drop for Loud {
    fn drop(&mut self) {
        print!("{} ", self.0);
    }
}
struct Pair {
    left: Loud,
    right: Loud,
}
impl Pair {
    fn new() -> Self {
        Self { left: Loud("left"), right: Loud("right") }
    }
    #[guarded_callback]
    extern "C" fn whole(self, a: Loud) {
        print!("[whole] ");
    }
    #[guarded_callback]
    extern "C" fn part(self, a: Loud) {
        let _taken = self.left;
        print!("[part] ");
    }
    #[guarded_callback]
    extern "C" fn moved(self, a: Loud) -> Loud {
        self.right
    }
    #[guarded_callback]
    extern "C" fn boxed(self: Box<Self>, _: Loud) {
        let Pair { left, .. } = *self;
        print!("[boxed] ");
    }
    #[guarded_callback]
    fn rust(self, _: Loud, Pair { left, .. }: Pair, last: Loud) {
        print!("[rust] ");
    }
    #[guarded_callback(fallback = ())]
    extern "C" fn with_fallback(self, a: Loud, _: Loud) {
        print!("[fallback] ");
    }
}
#[guarded_callback]
extern "C" fn wildcard(a: Loud, _: Loud, c: Loud) {
    print!("[wildcard] ");
}
#[guarded_callback]
extern "C" fn pattern(Pair { right, .. }: Pair, ref b: Loud, mut c: Loud) {
    print!("[pattern] ");
    c = Loud("new");
}
#[guarded_callback]
extern "C" fn early(a: Loud, b: Loud, n: u8) -> u8 {
    let local = Loud("local");
    if n > 1 {
        return n;
    }
    drop(a);
    0
}
#[guarded_callback(fallback = 7)]
extern "C" fn panics(a: Loud, b: Loud, n: u8) -> u8 {
    let local = Loud("local");
    if n > 1 {
        panic!("more")
    }
    n
}
#[guarded_callback]
extern "C-unwind" fn unwinds(a: Loud, _: Loud, n: u8) -> u8 {
    let local = Loud("local");
    if n > 1 {
        panic!("more")
    }
    n
}
#[guarded_callback]
extern "C" fn shadows(a: Loud, b: Loud) {
    let a = Loud("inner");
    let b = b;
    print!("[shadows] ");
}
#[guarded_callback]
extern "C" fn temporaries(a: Loud) -> usize {
    Loud("temporary").0.len() + {
        let b = a;
        b.0.len()
    }
}
#[guarded_callback]
extern "C" fn thirteen(
    a: Loud,
    _: u8,
    c: Loud,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    _: Loud,
    l: u8,
    m: Loud,
) {
    print!("[thirteen] ");
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    Pair::new().whole(Loud("a"));
    println!();
    Pair::new().part(Loud("a"));
    println!();
    drop(Pair::new().moved(Loud("a")));
    println!();
    Box::new(Pair::new()).boxed(Loud("b"));
    println!();
    Pair::new().rust(Loud("2"), Pair { left: Loud("l"), right: Loud("r") }, Loud("4"));
    println!();
    Pair::new().with_fallback(Loud("a"), Loud("b"));
    println!();
    wildcard(Loud("a"), Loud("b"), Loud("c"));
    println!();
    pattern(Pair::new(), Loud("b"), Loud("c"));
    println!();
    print!("{} ", early(Loud("a"), Loud("b"), 1));
    println!("{}", early(Loud("a"), Loud("b"), 2));
    println!("{}", panics(Loud("a"), Loud("b"), 1));
    println!("{}", std::panic::catch_unwind(|| unwinds(Loud("a"), Loud("b"), 2)).is_err());
    println!("{}", unwinds(Loud("a"), Loud("b"), 1));
    shadows(Loud("a"), Loud("b"));
    println!();
    println!("{}", temporaries(Loud("a")));
    thirteen(Loud("a"), 2, Loud("c"), 4, 5, 6, 7, 8, 9, 10, Loud("k"), 12, Loud("m"));
    println!();
}
