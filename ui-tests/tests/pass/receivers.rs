#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::pin::Pin;
use std::rc::Rc;

struct Value(i32);

impl Value {
    #[guarded_callback]
    extern "C" fn by_reference(&self) -> i32 {
        self.0
    }

    #[guarded_callback]
    extern "C" fn by_named_reference<'a>(&'a self) -> &'a i32 {
        &self.0
    }

    #[guarded_callback]
    extern "C" fn by_elided_reference(&self, _other: &Self) -> &i32 {
        &self.0
    }

    #[guarded_callback]
    extern "C" fn by_mutable_reference(&mut self, to: i32) {
        self.0 = to;
    }

    #[guarded_callback]
    extern "C" fn by_value(self) -> i32 {
        self.0
    }

    #[guarded_callback]
    extern "C" fn by_mutable_value(mut self) -> i32 {
        self.0 += 1;
        self.0
    }

    #[guarded_callback]
    extern "C" fn by_type(self: &Self) -> i32 {
        self.0
    }

    #[guarded_callback]
    extern "C" fn boxed(self: Box<Self>) -> i32 {
        self.0
    }

    #[guarded_callback]
    extern "C" fn counted(self: Rc<Self>) -> i32 {
        self.0
    }

    #[guarded_callback]
    extern "C" fn pinned(self: Pin<&mut Self>) -> i32 {
        self.get_mut().0
    }

    #[guarded_callback]
    extern "C" fn unused(&self) -> i32 {
        9
    }
}

fn main() {
    let mut value = Value(1);
    value.by_mutable_reference(2);
    assert_eq!((value.by_reference(), value.by_type(), *value.by_named_reference()), (2, 2, 2));
    assert_eq!((*value.by_elided_reference(&Value(0)), value.unused()), (2, 9));
    assert_eq!(Pin::new(&mut value).pinned(), 2);
    assert_eq!((Value(3).by_value(), Value(3).by_mutable_value()), (3, 4));
    assert_eq!((Box::new(Value(5)).boxed(), Rc::new(Value(6)).counted()), (5, 6));
}
