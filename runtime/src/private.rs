//! The one door for expanded code. Temporary: a thin stand-in for the interface that the core rebuild offers.

#![allow(missing_docs, missing_debug_implementations, clippy::all)]

pub use core;

pub use crate::__guarded_callback_choose as choose;
#[doc(hidden)]
pub use crate::{callback::Callback as Old, front::*, lend::*};
use crate::callback;
use crate::enter::{guard, guard_or};

#[derive(Clone, Copy)]
pub enum Mode {
    WhenLow,
    Always,
    Never,
}

#[derive(Clone, Copy)]
pub enum Foreign {
    Switch,
    Stay,
}

#[derive(Clone, Copy)]
pub struct Callback {
    name: &'static str,
    reserve: usize,
    mode: callback::Mode,
}

impl Callback {
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, reserve: callback::DEFAULT_STACK_BYTES, mode: callback::Mode::Default }
    }

    #[must_use]
    pub const fn reserve(self, bytes: usize) -> Self {
        Self { reserve: callback::stack_bytes(bytes), ..self }
    }

    #[must_use]
    pub const fn switch(self, mode: Mode) -> Self {
        let mode = match mode {
            Mode::WhenLow => callback::Mode::WhenLow,
            Mode::Always => callback::Mode::Always,
            Mode::Never => callback::Mode::Never,
        };
        Self { mode, ..self }
    }

    #[must_use]
    pub const fn foreign(self, _: Foreign) -> Self {
        self
    }

    const fn stub(self, fallback: bool, unwinds: bool) -> callback::Callback {
        callback::Callback::new(self.name, self.reserve, self.mode, fallback, unwinds)
    }
}

pub trait Describe {
    const CALLBACK: Callback;
}

struct Static<D>(D);

impl<D: Describe> Static<D> {
    const C: &'static callback::Callback = &D::CALLBACK.stub(false, false);
    const C_OR: &'static callback::Callback = &D::CALLBACK.stub(true, false);
    const UNWIND: &'static callback::Callback = &D::CALLBACK.stub(false, true);
    const UNWIND_OR: &'static callback::Callback = &D::CALLBACK.stub(true, true);
}



macro_rules! call {
    ([$($copy:tt)*] $zero:literal $plain:ident $or:ident $call:ident $call_or:ident; $($T:ident $v:ident),*) => {
        #[inline(always)]
        pub fn $call<D: Describe, F: FnOnce($($T),*) -> R $($copy)*, $($T,)* R>(f: F, $($v: $T),*) -> R {
            const { assert!(!$zero || size_of::<F>() == 0) };
            guard(Static::<D>::$plain, 0 $(+ size_of::<$T>())*, move || f($($v),*))
        }

        #[inline(always)]
        pub fn $call_or<D: Describe, F: FnOnce($($T),*) -> R $($copy)*, G: FnOnce($(&$T),*) -> R $($copy)*, $($T,)* R>(
            f: F,
            fallback: G,
            $($v: $T),*
        ) -> R {
            const { assert!(!$zero || size_of::<F>() == 0 && size_of::<G>() == 0) };
            // SAFETY: stub. The copies are never dropped, and only looked at by reference.
            #[allow(unused_unsafe)]
            let copies = unsafe { ($(core::mem::ManuallyDrop::new(core::ptr::read(&$v)),)*) };
            guard_or(
                Static::<D>::$or,
                0 $(+ size_of::<$T>())*,
                move || f($($v),*),
                move || { let ($($v,)*) = &copies; fallback($(&**$v),*) },
            )
        }
    };
}

macro_rules! calls {
    ($module:ident [$($copy:tt)*] $zero:literal $plain:ident $or:ident) => {
        #[allow(clippy::too_many_arguments)]
        pub mod $module {
            use super::*;
            call!([$($copy)*] $zero $plain $or call0 call0_or;);
            call!([$($copy)*] $zero $plain $or call1 call1_or; A a);
            call!([$($copy)*] $zero $plain $or call2 call2_or; A a, B b);
            call!([$($copy)*] $zero $plain $or call3 call3_or; A a, B b, C c);
            call!([$($copy)*] $zero $plain $or call4 call4_or; A a, B b, C c, E d);
            call!([$($copy)*] $zero $plain $or call5 call5_or; A a, B b, C c, E d, H e);
            call!([$($copy)*] $zero $plain $or call6 call6_or; A a, B b, C c, E d, H e, I i);
            call!([$($copy)*] $zero $plain $or call7 call7_or; A a, B b, C c, E d, H e, I i, J j);
            call!([$($copy)*] $zero $plain $or call8 call8_or; A a, B b, C c, E d, H e, I i, J j, K k);
            call!([$($copy)*] $zero $plain $or call9 call9_or; A a, B b, C c, E d, H e, I i, J j, K k, L l);
            call!([$($copy)*] $zero $plain $or call10 call10_or; A a, B b, C c, E d, H e, I i, J j, K k, L l, M m);
            call!([$($copy)*] $zero $plain $or call11 call11_or; A a, B b, C c, E d, H e, I i, J j, K k, L l, M m, N n);
            call!([$($copy)*] $zero $plain $or call12 call12_or; A a, B b, C c, E d, H e, I i, J j, K k, L l, M m, N n, O o);
        }
    };
}

calls!(c [+ Copy] true C C_OR);
calls!(c_unwind [+ Copy] true UNWIND UNWIND_OR);
calls!(compiled [] false UNWIND UNWIND_OR);
pub use c as system;
pub use c_unwind as system_unwind;

pub mod described {
    use super::*;

    #[inline(always)]
    pub fn call<F: FnOnce(A) -> R, A, R>(callback: &'static Callback, f: F, arguments: A) -> R {
        let callback = Box::leak(Box::new(callback.stub(false, true)));
        guard(callback, size_of::<A>(), move || f(arguments))
    }

    #[inline(always)]
    pub fn call_or<F: FnOnce(A) -> R, G: FnOnce(&A) -> R, A, R>(
        callback: &'static Callback,
        f: F,
        fallback: G,
        arguments: A,
    ) -> R {
        let callback = Box::leak(Box::new(callback.stub(true, true)));
        // SAFETY: stub. The copy is never dropped, and only looked at by reference.
        let copies = unsafe { core::mem::ManuallyDrop::new(core::ptr::read(&arguments)) };
        guard_or(callback, size_of::<A>(), move || f(arguments), move || fallback(&*copies))
    }
}

/// Which of the function and its guarded twin there is. For clippy and rustdoc, which run nothing, it is the function as written,
/// or the third form where there is one.
#[cfg(not(guarded_callback_off))]
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_choose {
    ({ $($original:tt)* } { $($guarded:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $($original)*
        #[cfg(not(any(clippy, doc)))]
        $($guarded)*
    };
    ({ $($original:tt)* } { $($guarded:tt)* } { $($mentioning:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $($mentioning)*
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
