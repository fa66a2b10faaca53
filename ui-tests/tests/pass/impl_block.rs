#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

struct Callbacks(i32);

#[guarded_callback(switch = always)]
impl Callbacks {
    const START: i32 = { 1 };
    // What nothing closes.
    const BIT: i32 = 1 << 3;
    const LESS: bool = Self::BIT < 9;

    extern "C" fn first(&self) -> bool {
        let _ = Self::START + self.0;
        guarded_callback::on_system_stack()
    }

    /// Left as it is: Rust calls it.
    fn ordinary() -> bool {
        guarded_callback::on_system_stack()
    }

    const fn constant() -> i32 {
        3
    }

    const extern "C" fn constant_callback() -> i32 {
        3
    }

    #[guarded_callback(skip)]
    extern "C" fn skipped() -> bool {
        guarded_callback::on_system_stack()
    }

    #[guarded_callback(switch = when_low)]
    extern "C" fn own_options() -> bool {
        guarded_callback::on_system_stack()
    }

    unsafe extern "C" fn last<T>(
        _: T,
    ) -> [bool; {
        const TWO: usize = 2;
        TWO
    }] {
        [guarded_callback::on_system_stack(); 2]
    }
}

fn main() {
    assert!(Callbacks(1).first());
    assert!(Callbacks::LESS);
    assert!(!Callbacks::ordinary() && !Callbacks::skipped() && !Callbacks::own_options());
    assert_eq!((Callbacks::constant(), Callbacks::constant_callback()), (3, 3));
    assert_eq!(unsafe { Callbacks::last(1) }, [true; 2]);
}
