//! Receivers of every kind, in every ABI; drops in order.
#![deny(warnings)]
#![allow(dead_code, improper_ctypes_definitions, unused_assignments, unused_imports, clippy::all)]
use guarded_callback::guarded_callback;
use std::{cell::Cell, pin::Pin, rc::Rc, sync::Arc};
struct D(&'static str);
impl Drop for D {
    fn drop(&mut self) {
        print!("-{} ", self.0);
    }
}
struct S {
    a: D,
    b: D,
    n: Cell<i32>,
}
fn s() -> S {
    S { a: D("a"), b: D("b"), n: Cell::new(1) }
}
mod run {
    macro_rules! go { ($m:ident, $abi:literal) => { mod $m {
        use super::super::*;
        use std::{pin::Pin, rc::Rc, sync::Arc};
        pub struct W(S);
        impl W {
            #[guarded_callback] extern $abi fn value(self, _: D, x: D) { print!("value ");
                let _ = &x; }
            #[guarded_callback] extern $abi fn mut_value(mut self, _: D) -> i32 {
                self.0.a = D("c"); print!("mut "); self.0.n.get() }
            #[guarded_callback] extern $abi fn reference(&self, _x: D) -> &D { &self.0.a }
            #[guarded_callback] extern $abi fn mut_reference(&mut self) -> &mut D { &mut self.0.b }
            #[guarded_callback] extern $abi fn boxed(self: Box<Self>) -> i32 { self.0.n.get() }
            #[guarded_callback] extern $abi fn rc(self: Rc<Self>, _: D) -> usize {
                Rc::strong_count(&self) }
            #[guarded_callback] extern $abi fn arc(self: &Arc<Self>) -> usize {
                Arc::strong_count(self) }
            #[guarded_callback] extern $abi fn pin(self: Pin<Box<Self>>, x: D) { let _y = x;
                print!("pin "); }
            #[guarded_callback] extern $abi fn typed(self: Self, _: D) { print!("typed "); }
            #[guarded_callback(fallback = { print!("fb "); 5 })]
                extern $abi fn falls(self, x: D, _: D) -> i32 { let _z = x; 6 }
            #[guarded_callback] extern $abi fn partly(self) -> D { let S { a, .. } = self.0; a }
            #[guarded_callback] extern $abi fn unused(self) {}
            #[guarded_callback] extern $abi fn pattern(&self, [x, .., y]: [D;
                3], (p, _): (D, D), ref q: D) { print!("{} {} {} ", x.0, p.0, q.0); let _ = y; }
            #[guarded_callback]
                extern $abi fn two_patterns(self, (p, _): (D, D), _: D, mut z: D) -> D { z = p; z }
            #[guarded_callback] extern $abi fn nothing(self, _: D, _: D) -> ! { drop(self);
                std::process::exit(0) }
        }
        pub fn run() {
            W(s()).value(D("1"), D("2")); println!();
            W(s()).mut_value(D("1")); println!();
            let mut w = W(s()); print!("{}", w.reference(D("1")).0); w.mut_reference().0 = "B";
                drop(w); println!();
            Box::new(W(s())).boxed(); println!();
            print!("{}", Rc::new(W(s())).rc(D("1"))); print!("{}", Arc::new(W(s())).arc());
                println!();
            Box::pin(W(s())).pin(D("1")); println!();
            W(s()).typed(D("1")); println!();
            W(s()).falls(D("1"), D("2")); println!();
            drop(W(s()).partly()); println!(); W(s()).unused(); println!();
            W(s()).pattern([D("1"), D("2"), D("3")], (D("4"), D("5")), D("6")); println!();
            W(s()).two_patterns((D("4"), D("5")), D("6"), D("7")); println!();
            let _ = W::nothing;
        }
    } } }
    go!(c, "C");
    go!(unwind, "C-unwind");
    go!(rust, "Rust");
    go!(system, "system");
    pub fn all() {
        c::run();
        unwind::run();
        rust::run();
        system::run();
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    run::all();
    println!("end");
}
