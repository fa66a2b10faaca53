#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[repr(C)]
struct View<'a>(&'a i32);

#[guarded_callback]
extern "C" fn elided<'a>(first: &'a i32, _second: &i32, view: View<'a>) -> View<'a> {
    if *first > *view.0 { View(first) } else { view }
}

#[guarded_callback]
extern "C" fn anonymous(view: &View<'_>) -> i32 {
    *view.0
}

#[guarded_callback]
extern "C" fn by_value(view: View<'_>) -> View<'_> {
    view
}

#[guarded_callback]
extern "C" fn late<'a, 'b: 'a>(first: &'a i32, second: &'b i32) -> &'a i32 {
    if *first > 0 { first } else { second }
}

fn main() {
    let (one, two) = (1, 2);
    assert_eq!(*elided(&one, &0, View(&two)).0, 2);
    assert_eq!(anonymous(&View(&one)) + *by_value(View(&two)).0, 3);
    assert_eq!(*late(&one, &two), 1);
}
