//! The one door for expanded code. Nothing here is for people: names and shapes follow the macro
//! crate, which is pinned to this version.

pub use core::marker::Copy;
pub use core::mem::ManuallyDrop;
pub use core::ops::FnOnce;
pub use core::{concat, module_path};

pub use crate::__guarded_callback_choose as choose;
pub use crate::__guarded_callback_describe as describe;
pub use crate::callback::{Callback, Describe, Foreign, Mode};
pub use crate::entry::{c, c_unwind, compiled, described, run};

/// Which of the function and its guarded twin there is. For clippy and rustdoc, which run nothing,
/// it is the function as written, or the third form where there is one. It comes out of another
/// call of the macro, so that its documentation does not tell of the condition.
#[cfg(not(guarded_callback_off))]
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_choose {
    (@ $($function:tt)*) => { $($function)* };
    ({ $($original:tt)* } { $($guarded:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $crate::__private::choose! { @ $($original)* }
        #[cfg(not(any(clippy, doc)))]
        $($guarded)*
    };
    ({ $($original:tt)* } { $($guarded:tt)* } { $($mentioning:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $crate::__private::choose! { @ $($mentioning)* }
        #[cfg(not(any(clippy, doc)))]
        $($guarded)*
    };
}

/// Off: the function as written.
#[cfg(guarded_callback_off)]
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_choose {
    ({ $($original:tt)* } $($others:tt)*) => { $($original)* };
}

/// A value of a type of its own, which describes the callback and runs its body.
///
/// In the block no code of the user's but the reserve sees the type's name. Backtraces without
/// debug information name the type, and with it the function that the block is in.
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_describe {
    (@item $name:literal { $($settings:tt)* } { $($body:tt)* }) => {{
        struct __GuardedCallback;
        impl $crate::__private::Describe for __GuardedCallback {
            const CALLBACK: $crate::__private::Callback = $crate::__private::Callback::new(
                $crate::__private::concat!($crate::__private::module_path!(), $name)
            )
            $($settings)*;
        }
        $crate::__private::describe! { @ $($body)* }
        __GuardedCallback
    }};
    (@ $module:ident::$with:ident($abi:literal $(, $A:ident, $a:ident)*),) => {
        impl $crate::__private::$module::$with::Body for __GuardedCallback {
            #[inline(never)]
            unsafe extern $abi fn body<
                F: $crate::__private::FnOnce($($A),*) -> R + $crate::__private::Copy,
                G: $crate::__private::run::$with::Fallback<$($A,)* R> + $crate::__private::Copy,
                $($A,)* R
            >($($a: $crate::__private::ManuallyDrop<$A>),*) -> R {
                // SAFETY: passed on.
                unsafe { $crate::__private::run::$with::run::<F, G, $($A,)* R>($($a),*) }
            }
        }
    };
    (@) => {};
    ($name:literal, settings() $($settings:tt)*) => {
        $crate::__private::describe! { @item $name { $($settings)* } {} }
    };
    (
        $name:literal,
        $module:ident::$with:ident($($body:tt)*),
        settings() $($settings:tt)*
    ) => {
        $crate::__private::describe! {
            @item $name { $($settings)* } { $module::$with($($body)*), }
        }
    };
}
