#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn quit(code: i32) -> ! {
    std::process::exit(code)
}

#[guarded_callback]
extern "C-unwind" fn raise(mut message: String) -> ! {
    message.push('!');
    std::panic::resume_unwind(Box::new(message))
}

fn main() {
    let raised = std::panic::catch_unwind(|| raise("out".to_owned()));
    assert_eq!(*raised.unwrap_err().downcast::<String>().unwrap(), "out!");
    quit(0)
}
