#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::fmt::Debug;

#[guarded_callback]
extern "C" fn trampoline<F: FnMut(i32) -> T, T>(context: &mut F, argument: i32) -> Option<Box<T>>
where
    T: Debug + 'static,
{
    Some(Box::new(context(argument)))
}

fn main() {
    let mut seen = Vec::new();
    let mut body = |argument| {
        seen.push(argument);
        argument * 2
    };
    assert_eq!(trampoline(&mut body, 4), Some(Box::new(8)));
    assert_eq!(seen, [4]);
}
