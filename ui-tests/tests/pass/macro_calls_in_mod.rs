//! Macro calls in an annotated module: those that make no callbacks, that annotate them, or that
//! are skipped.
#![deny(warnings)]

use guarded_callback::guarded_callback;

macro_rules! as_written { ($($item:item)*) => { $($item)* }; }

#[guarded_callback(switch = always)]
mod callbacks {
    use super::guarded_callback;
    use guarded_callback::on_system_stack;

    macro_rules! annotated {
        ($name:ident) => {
            #[guarded_callback(switch = always)]
            pub extern "C" fn $name() -> bool {
                on_system_stack()
            }
        };
    }

    annotated!(first);

    as_written! {
        pub type Callback = extern "C" fn(u8) -> bool;
        pub fn helper() -> bool { on_system_stack() }
    }

    #[guarded_callback(skip)]
    as_written! { pub extern "C" fn skipped() -> bool { on_system_stack() } }

    pub extern "C" fn seen(_: u8) -> bool {
        on_system_stack()
    }

    thread_local! { pub static COUNT: std::cell::Cell<u8> = const { std::cell::Cell::new(3) }; }
}

fn main() {
    let seen: callbacks::Callback = callbacks::seen;
    assert!(seen(callbacks::COUNT.get()) && callbacks::first());
    assert!(!callbacks::skipped() && !callbacks::helper());
}
