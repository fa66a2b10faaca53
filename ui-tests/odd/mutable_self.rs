//! `mut self` in every way.
#![allow(improper_ctypes_definitions, dead_code)]
use guarded_callback::guarded_callback;
#[derive(Clone, Copy, Debug)]
struct C(i32, i32);
#[derive(Debug)]
struct N {
    v: String,
    next: Option<Box<N>>,
}
impl C {
    #[guarded_callback]
    extern "C" fn bump(mut self) -> i32 {
        self.0 += 1;
        self.0
    }
    #[guarded_callback]
    extern "C" fn assign_all(mut self) -> i32 {
        self = C(3, 4);
        self.0
    }
    #[guarded_callback]
    extern "C" fn mut_unneeded(mut self) -> i32 {
        self.0
    }
    #[guarded_callback]
    extern "C" fn shadow(self) -> i32 {
        let this = self;
        this.0
    }
    #[guarded_callback]
    extern "C" fn in_closure(mut self) -> i32 {
        let mut f = || {
            self.1 += 2;
            self.1
        };
        f();
        f()
    }
    #[guarded_callback]
    extern "C" fn unused_local(mut self) {
        let r = &mut self;
        r.0 = 1;
    }
    #[guarded_callback]
    fn rust(mut self, n: i32) -> Self {
        self.0 += n;
        self
    }
    #[guarded_callback]
    fn builder(mut self, n: i32) -> Self {
        for i in 0..n {
            self.1 = i;
        }
        self
    }
    #[guarded_callback(fallback = 1)]
    extern "C" fn falls(mut self) -> i32 {
        self.0 += 1;
        self.0
    }
}
impl N {
    #[guarded_callback]
    extern "C" fn last(mut self: &mut Self) -> &mut String {
        while let Some(_) = &self.next {
            self = self.next.as_mut().unwrap();
        }
        &mut self.v
    }
    #[guarded_callback]
    fn walk<'a>(mut self: &'a Self) -> &'a str {
        while let Some(n) = &self.next {
            self = n;
        }
        &self.v
    }
    #[guarded_callback]
    extern "C" fn boxed(mut self: Box<Self>) -> Box<Self> {
        self.v.push('x');
        *self = N { v: "new".into(), next: None };
        self
    }
    #[guarded_callback]
    extern "C" fn take(mut self) -> Option<Box<N>> {
        self.next.take()
    }
    #[guarded_callback]
    extern "C" fn moved_and_back(mut self) -> String {
        let a = self;
        self = N { v: a.v + "!", next: None };
        self.v
    }
    #[guarded_callback]
    extern "C" fn field_moved(self) -> String {
        let v = self.v;
        drop(self.next);
        v
    }
    #[guarded_callback]
    extern "C" fn pin(mut self: std::pin::Pin<&mut Self>) -> usize {
        self.as_mut().v.len() + self.v.len()
    }
    #[guarded_callback]
    extern "C" fn rc(mut self: std::rc::Rc<Self>) -> usize {
        std::rc::Rc::get_mut(&mut self).unwrap().v.len()
    }
    #[guarded_callback]
    extern "C" fn never_read(mut self: Box<Self>) {
        self.v = String::from("z");
    }
    #[guarded_callback]
    fn replaced(&mut self) -> N {
        std::mem::replace(self, N { v: String::new(), next: None })
    }
}
impl Iterator for C {
    type Item = i32;
    #[guarded_callback]
    fn next(&mut self) -> Option<Self::Item> {
        if self.0 < self.1 {
            self.0 += 1;
            Some(self.0)
        } else {
            None
        }
    }
}
impl std::ops::AddAssign<i32> for C {
    #[guarded_callback]
    fn add_assign(&mut self, n: i32) {
        self.0 += n
    }
}
impl std::ops::Neg for C {
    type Output = C;
    #[guarded_callback]
    fn neg(mut self) -> C {
        self.0 = -self.0;
        self
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let c = C(1, 2);
    c.unused_local();
    println!(
        "{} {} {} {} {} {:?} {:?} {}",
        c.bump(),
        c.assign_all(),
        c.mut_unneeded(),
        c.shadow(),
        c.in_closure(),
        c.rust(3),
        c.builder(3),
        c.falls()
    );
    let mk = || N { v: "a".into(), next: Some(Box::new(N { v: "b".into(), next: None })) };
    println!(
        "{} {} {:?} {:?} {} {}",
        mk().last(),
        mk().walk(),
        Box::new(mk()).boxed(),
        mk().take(),
        mk().moved_and_back(),
        mk().field_moved()
    );
    println!("{} {}", Box::pin(mk()).as_mut().pin(), std::rc::Rc::new(mk()).rc());
    Box::new(mk()).never_read();
    let mut c = C(0, 3);
    c += 1;
    println!("{:?} {:?} {:?}", c.collect::<Vec<_>>(), -C(1, 2), mk().replaced());
}
