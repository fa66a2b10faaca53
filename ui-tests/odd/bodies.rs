//! Bodies that are hard to move into a closure.
#![deny(warnings)]
#![allow(dead_code, improper_ctypes_definitions, unused_labels, unused_assignments, clippy::all)]
use guarded_callback::guarded_callback;
#[guarded_callback]
extern "C" fn returns(n: i32) -> Result2 {
    if n > 1 {
        return Err(n)?;
    }
    'a: loop {
        if n == 0 {
            break 'a;
        }
        return Ok(n);
    }
    Ok(7)
}
type Result2 = Result<i32, i32>;
#[guarded_callback]
extern "C" fn question(s: &str) -> Option<i32> {
    let n: i32 = s.parse().ok()?;
    Some(n + 1)
}
#[guarded_callback]
extern "C" fn empty() {}
#[guarded_callback]
extern "C" fn unit() -> () {
    ()
}
#[guarded_callback]
extern "C" fn assigns(mut a: i32, mut b: Vec<i32>, c: &mut i32) -> i32 {
    a += 1;
    b.push(a);
    *c = b.len() as i32;
    let a = a * 2;
    a
}
#[guarded_callback]
extern "C" fn items() -> i32 {
    use std::collections::HashMap as M;
    const K: i32 = 3;
    static T: i32 = 4;
    struct L(i32);
    impl L {
        fn g(&self) -> i32 {
            self.0
        }
    }
    impl std::ops::Add for L {
        type Output = i32;
        fn add(self, o: Self) -> i32 {
            self.0 + o.0
        }
    }
    macro_rules! m {
        ($x:expr) => {
            $x + K
        };
    }
    fn helper<T: Copy>(t: T) -> T {
        t
    }
    mod inner {
        pub fn z() -> i32 {
            super::outside()
        }
    }
    let mut map = M::new();
    map.insert(1, 2);
    m!(T) + L(1).g() + (L(1) + L(2)) + helper(map[&1]) + inner::z()
}
fn outside() -> i32 {
    100
}
#[guarded_callback]
extern "C" fn closures(n: i32) -> i32 {
    let mut k = 0;
    let mut add = |x: i32| {
        k += x;
        k
    };
    add(n);
    add(2) + (|| n)() + {
        let f = move || {
            if n > 0 {
                return 1;
            }
            2
        };
        f()
    }
}
#[guarded_callback]
extern "C" fn returns_closure(n: i32) -> Box<dyn Fn(i32) -> i32> {
    Box::new(move |x| x + n)
}
#[guarded_callback]
fn returns_impl(n: i32) -> impl Fn(i32) -> i32 {
    move |x: i32| x * n
}
#[guarded_callback]
fn future(n: i32) -> impl std::future::Future<Output = i32> {
    async move { n + 1 }
}
#[guarded_callback]
extern "C" fn blocks(n: i32) -> i32 {
    let x = const { 3 * 4 };
    let y = unsafe { std::mem::transmute::<i32, i32>(n) };
    let z = 'l: {
        if y > 3 {
            break 'l 1;
        }
        2
    };
    x + y + z
}
#[guarded_callback]
extern "C" fn diverges(n: i32) -> i32 {
    if n > 0 {
        return n;
    }
    panic!("no")
}
#[guarded_callback]
extern "C" fn loops(n: i32) -> i32 {
    let mut i = 0;
    for x in 0..n {
        if x == 2 {
            continue;
        }
        i += x;
    }
    while i > 10 {
        i -= 1;
    }
    loop {
        break i;
    }
}
#[guarded_callback]
extern "C" fn matches(x: Option<&(i32, &str)>) -> i32 {
    match x {
        Some(&(n @ 1..=5, s)) if s.len() > 1 => n,
        Some((n, _)) => -n,
        None => 0,
    }
}
#[guarded_callback]
extern "C" fn let_else(x: Option<i32>) -> i32 {
    let Some(n) = x else {
        return -1;
    };
    n
}
#[guarded_callback]
extern "C" fn shadows(n: i32) -> i32 {
    let n = n + 1;
    {
        let n = n * 2;
        let _ = n;
    }
    let n = n + 1;
    n
}
#[guarded_callback]
extern "C" fn moves(a: String, b: String) -> String {
    let c = a;
    let d = [b, c];
    let [x, y] = d;
    x + &y
}
#[guarded_callback]
extern "C" fn borrows<'a>(a: &'a mut Vec<String>, i: usize) -> &'a mut str {
    a.push("n".into());
    &mut a[i]
}
#[guarded_callback]
extern "C" fn temporary(v: &std::sync::Mutex<Vec<i32>>) -> usize {
    v.lock().unwrap().len()
}
#[guarded_callback]
unsafe extern "C" fn pointers(p: *mut i32, n: usize) -> i32 {
    unsafe {
        let s = std::slice::from_raw_parts_mut(p, n);
        s[0] = 9;
        s.iter().sum()
    }
}
#[guarded_callback]
extern "C" fn recursion(n: u32) -> u32 {
    if n == 0 { 0 } else { n + recursion(n - 1) }
}
#[guarded_callback]
extern "C" fn takes_itself() -> usize {
    let f: extern "C" fn() -> usize = takes_itself;
    (f as usize != 0) as usize
}
#[guarded_callback]
extern "C" fn where_am_i() -> (&'static str, u32, u32) {
    (module_path!(), line!(), column!())
}
#[guarded_callback]
extern "C" fn location() -> u32 {
    std::panic::Location::caller().line()
}
#[guarded_callback]
extern "C" fn slices(
    [a, rest @ ..]: [i32; 4],
    (b, c): (i32, i32),
    &d: &i32,
    E { x, y: z }: E,
) -> i32 {
    a + rest.len() as i32 + b + c + d + x + z
}
struct E {
    x: i32,
    y: i32,
}
#[guarded_callback]
extern "C" fn big(a: [u64; 300]) -> [u64; 300] {
    let mut b = a;
    b.reverse();
    b
}
#[guarded_callback(fallback = String::from("x"))]
extern "C" fn thirteen(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: i16,
    g: f32,
    h: f64,
    i: &str,
    j: String,
    k: char,
    l: bool,
    m: (),
) -> String {
    if l {
        panic!()
    }
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{m:?}")
}
static ORDER: extern "C" fn(i32) -> i32 = shadows;
const TABLE: &[(&str, unsafe extern "C" fn(*mut i32, usize) -> i32)] = &[("p", pointers)];
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{:?} {:?} {:?} {:?} {:?}",
        returns(0),
        returns(1),
        returns(2),
        question("4"),
        question("x")
    );
    empty();
    unit();
    let mut c = 0;
    println!("{} {c}", assigns(1, vec![1], &mut c));
    println!("{c} {} {} {} {}", items(), closures(3), returns_closure(2)(3), returns_impl(2)(3));
    let _ = future(1);
    println!(
        "{} {} {} {} {}",
        blocks(4),
        diverges(2),
        loops(6),
        matches(Some(&(3, "ab"))),
        matches(Some(&(9, "ab")))
    );
    println!(
        "{} {} {} {}",
        let_else(None),
        shadows(1),
        moves("a".into(), "b".into()),
        borrows(&mut vec!["q".into()], 0)
    );
    println!(
        "{} {} {} {}",
        temporary(&std::sync::Mutex::new(vec![1])),
        unsafe { pointers([1, 2].as_mut_ptr(), 2) },
        recursion(10),
        takes_itself()
    );
    println!(
        "{:?} {} {}",
        where_am_i(),
        location(),
        slices([1, 2, 3, 4], (5, 6), &7, E { x: 8, y: 9 })
    );
    let mut a = [0; 300];
    a[0] = 5;
    println!(
        "{} {} {}",
        big(a)[299],
        thirteen(1, 2, 3, 4, 5, 6, 7.0, 8.0, "9", "10".into(), 'k', false, ()),
        1
    );
    println!("{} {}", ORDER(1), unsafe { TABLE[0].1([3].as_mut_ptr(), 1) });
}
