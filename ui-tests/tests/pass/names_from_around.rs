//! What only an `impl` block or a trait brings in may stand anywhere in a function, and the block
//! may have the attribute.
#![deny(warnings)]
#![allow(improper_ctypes_definitions, non_camel_case_types, non_upper_case_globals)]

use guarded_callback::{guarded_callback, on_system_stack};
use std::marker::PhantomData;

struct Sized_<'a, T, const N: usize>(PhantomData<&'a T>);

trait Named {
    const NAME: &'static str;
    type Other: Default + Into<i64>;
}

impl Named for u8 {
    const NAME: &'static str = "u8";
    type Other = i32;
}

macro_rules! local {
    () => {
        Self::COUNT
    };
}

mod own {
    macro_rules! print_ {
        () => {
            Self::COUNT
        };
    }
    pub(super) use print_ as print;
}

macro_rules! make_function {
    ($name:ident, $path:path) => {
        #[guarded_callback(switch = always)]
        extern "C" fn $name() -> usize {
            assert!(on_system_stack());
            $path!()
        }
    };
}

#[rustfmt::skip]
impl<'a, T: Named + Copy + 'a, const N: usize> Sized_<'a, T, N> {
    const COUNT: usize = N + 1;

    #[guarded_callback(switch = always)]
    extern "C" fn in_a_parameter(value: *const T) -> bool { !value.is_null() && on_system_stack() }
    #[guarded_callback(switch = always)]
    extern "C" fn in_the_result(value: *const u8) -> *const T {
        assert!(on_system_stack());
        value.cast()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn in_a_cast(value: *const u8) -> usize {
        assert!(on_system_stack());
        value as *const T as usize
    }
    #[guarded_callback(switch = always)]
    extern "C" fn in_a_turbofish() -> usize { assert!(on_system_stack()); size_of::<T>() }
    #[guarded_callback(switch = always)]
    extern "C" fn before_a_path() -> usize { assert!(on_system_stack()); T::NAME.len() }
    #[guarded_callback(switch = always)]
    extern "C" fn in_a_qualified_path() -> i64 {
        assert!(on_system_stack());
        <T as Named>::Other::default().into()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn in_a_type_of_a_variable() -> bool {
        assert!(on_system_stack());
        let none: Option<T> = None;
        none.is_none()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn as_a_value() -> usize { assert!(on_system_stack()); N }
    #[guarded_callback(switch = always)]
    extern "C" fn as_the_end_of_a_range() -> usize {
        assert!(on_system_stack());
        (0..N).count() + (0..=N).count()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn before_braces() -> bool {
        assert!(on_system_stack());
        if 3 == N { true } else { false }
    }
    #[guarded_callback(switch = always)]
    extern "C" fn as_a_length() -> usize { assert!(on_system_stack()); [0_u8; N].len() }
    #[guarded_callback(switch = always)]
    extern "C" fn in_a_format() -> usize { assert!(on_system_stack()); format!("{N}").len() }
    #[guarded_callback(switch = always)]
    extern "C" fn as_a_width() -> usize {
        assert!(on_system_stack());
        format!("{:1$}", 1, N).len() + format!("{:N$}", 1).len()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn as_a_lifetime(value: &'a i32) -> &'a i32 { assert!(on_system_stack()); value }
    #[guarded_callback(switch = always)]
    extern "C" fn as_self_type() -> usize { assert!(on_system_stack()); Self::COUNT }
    #[guarded_callback(switch = always)]
    extern "C" fn out_of_a_macro() -> usize { assert!(on_system_stack()); local!() }
    #[guarded_callback(switch = always)]
    extern "C" fn behind_a_negation(value: *const u8) -> usize {
        assert!(on_system_stack());
        if !value.is_null() { N } else { 0 }
    }
    #[guarded_callback(switch = always)]
    extern "C" fn behind_an_escape() -> usize {
        assert!(on_system_stack());
        format!("\x7bN}").len() + format!("{\u{4e}}").len()
    }
    #[guarded_callback(switch = always)]
    extern "C" fn out_of_a_macro_with_a_known_name() -> usize {
        assert!(on_system_stack());
        own::print!()
    }
    make_function!(out_of_a_fragment, local);
    #[guarded_callback(switch = always)]
    extern "C" fn beside_prelude_names(value: i32) -> i32 {
        assert!(on_system_stack());
        match Some(value).filter(|value| *value > 0) {
            Some(value) => value,
            None => 0,
        }
    }
}

/// Parameters in lower case, against the lint, are seen where the block has the attribute.
struct Lower<t, const n: usize>(PhantomData<t>);

#[guarded_callback(switch = always)]
#[rustfmt::skip]
impl<t: Named, const n: usize> Lower<t, n> {
    extern "C" fn names(value: *const t) -> usize {
        assert!(on_system_stack());
        value as usize + n + t::NAME.len()
    }
}

/// Names without a case.
struct Caseless<数, const _0: usize>(PhantomData<数>);

#[rustfmt::skip]
impl<数, const _0: usize> Caseless<数, _0> {
    #[guarded_callback(switch = always)]
    extern "C" fn type_of(value: *const 数) -> usize { assert!(on_system_stack()); value as usize }
    #[guarded_callback(switch = always)]
    extern "C" fn constant() -> usize { assert!(on_system_stack()); format!("{_0}").len() + _0 }
}

/// Names of the prelude.
struct Both<Ok, Err>(Ok, Err);

#[rustfmt::skip]
impl<Ok, Err> Both<Ok, Err> {
    #[guarded_callback(switch = always)]
    extern "C" fn error(value: *const Err) -> bool { assert!(on_system_stack()); value.is_null() }
}

struct Plain;

/// Nothing but `Self` is brought in.
#[guarded_callback(switch = always)]
#[rustfmt::skip]
impl Plain {
    const TWO: i32 = 2;
    extern "C" fn own(value: *const Plain) -> bool { !value.is_null() && on_system_stack() }
    extern "C" fn this(value: *const Self) -> i32 {
        assert!(on_system_stack());
        if value.is_null() { Self::TWO } else { Plain::TWO }
    }
}

trait Provided<T: Default> {
    #[guarded_callback(switch = always)]
    extern "C" fn provided(value: i32) -> i32 {
        assert!(on_system_stack());
        value + 1
    }
    #[guarded_callback(switch = always)]
    extern "C" fn provided_with_names() -> T {
        assert!(on_system_stack());
        T::default()
    }
}

impl Provided<i64> for Plain {}

fn main() {
    type Three<'a> = Sized_<'a, u8, 3>;
    assert!(Three::in_a_parameter(&1));
    assert!(!Three::in_the_result(&1).is_null());
    assert_ne!(Three::in_a_cast(&1), 0);
    assert_eq!(Three::in_a_turbofish(), 1);
    assert_eq!(Three::before_a_path(), 2);
    assert_eq!(Three::in_a_qualified_path(), 0);
    assert!(Three::in_a_type_of_a_variable());
    assert_eq!(Three::as_a_value(), 3);
    assert_eq!(Three::as_the_end_of_a_range(), 7);
    assert!(Three::before_braces());
    assert_eq!(Three::as_a_length(), 3);
    assert_eq!(Three::in_a_format(), 1);
    assert_eq!(Three::as_a_width(), 6);
    assert_eq!(Three::as_a_lifetime(&1), &1);
    assert_eq!(Three::as_self_type(), 4);
    assert_eq!(Three::out_of_a_macro(), 4);
    assert_eq!(Three::behind_a_negation(&1), 3);
    assert_eq!(Three::behind_an_escape(), 2);
    assert_eq!(Three::out_of_a_macro_with_a_known_name(), 4);
    assert_eq!(Three::out_of_a_fragment(), 4);
    assert_eq!(Caseless::<u8, 3>::type_of(std::ptr::null()), 0);
    assert_eq!(Caseless::<u8, 3>::constant(), 4);
    assert!(Both::<u8, u8>::error(std::ptr::null()));
    assert_eq!(Three::beside_prelude_names(5), 5);
    assert_eq!(Lower::<u8, 3>::names(std::ptr::null()), 5);
    assert!(Plain::own(&Plain));
    assert_eq!(Plain::this(&Plain), 2);
    assert_eq!(<Plain as Provided<i64>>::provided(1), 2);
    assert_eq!(<Plain as Provided<i64>>::provided_with_names(), 0);
}
