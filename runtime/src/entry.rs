//! What a shim calls: one function for each number of arguments, instantiated for each callback.
//!
//! `D` describes the callback. `F` is the user's body, a closure that gets the arguments; in [`c`]
//! and [`c_unwind`] it captures nothing, so that it is a type without a value, which any code can
//! make one of. `G` is the fallback, a closure that gets references to the arguments.
//!
//! `D::body` runs the user's code. The attribute writes it into the user's function, so that its
//! symbol names that function in backtraces without debug information. In [`c`] and [`c_unwind`] it
//! is what C calls in effect: it has the ABI and the arguments of the shim. In it nothing must be
//! cleaned up, so that a forced unwinding (pthread_exit) passes it as it passes the user's
//! function: hence `ManuallyDrop`, and the user's code in a function of Rust's ABI of its own.

#![allow(clippy::too_many_arguments, reason = "as many as the user's function has, up to 12")]

use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit, transmute};
use core::ptr::{NonNull, read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::call::{self, SMALL_RESULT_BYTES, may_stay};
use crate::callback::{Describe, Needs, USUAL_VALUE_BYTES};
use crate::fast::if_fast_path;

/// What a callback asks for with arguments and a result of these types.
#[inline(always)]
const fn needs<D: Describe, A, R>(has_fallback: bool) -> &'static Needs {
    if has_fallback {
        const { &Needs::new(D::REFERENCE, Values::<A, R>::BYTES, true) }
    } else {
        const { &Needs::new(D::REFERENCE, Values::<A, R>::BYTES, false) }
    }
}

/// A value of a type that has but one: a closure that captures nothing.
///
/// # Safety
/// Somebody has made a value of the type, which is `Copy`.
#[allow(dead_code, reason = "for targets with a fast path")]
#[inline(always)]
unsafe fn only_value<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: a type without size has one value, and the caller's promise says that it may exist.
    unsafe { *const { NonNull::<F>::dangling().as_ptr() } }
}

/// Runs the body; C gets the fallback's value instead of a panic.
#[inline(always)]
fn caught<R>(call: impl FnOnce() -> R, fallback: impl FnOnce() -> R) -> R {
    let mut result = MaybeUninit::<R>::uninit();
    let to = result.as_mut_ptr();
    // By address, as `catch_unwind` of a debug build copies it often.
    // SAFETY: the place for it in this frame.
    match catch_unwind(AssertUnwindSafe(move || unsafe { to.write(call()) })) {
        // SAFETY: the call has returned, so the result was written.
        Ok(()) => unsafe { result.assume_init() },
        Err(payload) => {
            // A payload whose drop panics again must not get past us: it is leaked.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                core::mem::forget(second);
            }
            fallback()
        }
    }
}

/// In place of a fallback where there is none: nothing catches a panic, and a refusal does not
/// return.
#[derive(Clone, Copy)]
pub struct NoFallback;

/// What C calls in effect, for functions of one ABI whose closures capture nothing.
macro_rules! bodies {
    ($abi:literal $with:ident ($($A:ident $a:ident),*)) => {
        /// Runs the user's body.
        pub trait Body {
            /// # Safety
            /// There are values of the closures' types.
            unsafe extern $abi fn body<
                F: FnOnce($($A),*) -> R + Copy, G: run::$with::Fallback<$($A,)* R> + Copy, $($A,)* R
            >($($a: ManuallyDrop<$A>),*) -> R;
        }
    };
}

/// What that function does.
macro_rules! run {
    (; $($with:ident ($($A:ident $a:ident),*))*) => { $(
        /// For so many arguments.
        pub mod $with {
        use super::*;

        /// The value that C gets when the body panics, or can have no stack.
        pub trait Fallback<$($A,)* R> {
            /// Whether there is one.
            const EXISTS: bool;

            /// The value.
            fn value(self, $($a: &$A),*) -> R;
        }

        impl<G: FnOnce($(&$A),*) -> R, $($A,)* R> Fallback<$($A,)* R> for G {
            const EXISTS: bool = true;

            #[inline(always)]
            fn value(self, $($a: &$A),*) -> R {
                self($($a),*)
            }
        }

        impl<$($A,)* R> Fallback<$($A,)* R> for NoFallback {
            const EXISTS: bool = false;

            #[inline(always)]
            fn value(self, $(_: &$A),*) -> R {
                call::no_fallback()
            }
        }

        /// Runs a body that captures nothing.
        ///
        /// # Safety
        /// There are values of the closures' types.
        #[allow(clippy::useless_transmute, reason = "without arguments both types are the same")]
        pub unsafe fn run<
            F: FnOnce($($A),*) -> R + Copy, G: Fallback<$($A,)* R> + Copy, $($A,)* R
        >($($a: ManuallyDrop<$A>),*) -> R {
            type Call<F, G, $($A,)* R> = fn(F, G, $($A),*) -> R;
            // SAFETY: `ManuallyDrop<T>` is `repr(transparent)`, so both types pass their arguments
            // in the same way ("ABI compatibility" in the documentation of function pointers). The
            // rest is passed on.
            unsafe {
                transmute::<Call<F, G, $($A,)* R>, Call<F, G, $(ManuallyDrop<$A>,)* R>>(
                    caught::<F, G, $($A,)* R>,
                )(only_value(), only_value(), $($a),*)
            }
        }

        /// Runs a body; C gets the fallback's value instead of a panic, if there is one.
        #[inline(always)]
        pub fn caught<F: FnOnce($($A),*) -> R, G: Fallback<$($A,)* R>, $($A,)* R>(
            body: F, fallback: G, $($a: $A),*
        ) -> R {
            if !G::EXISTS {
                return body($($a),*);
            }
            // By address, as a debug build copies large arguments wherever they go.
            $(let mut $a = ManuallyDrop::new($a);)*
            let arguments = ($(&raw mut $a,)*);
            super::caught(move || {
                let ($($a,)*) = arguments;
                // SAFETY: the arguments are moved out once; this frame lasts longer.
                body($(unsafe { read($a.cast::<$A>()) }),*)
            }, move || {
                let ($($a,)*) = arguments;
                // SAFETY: the fallback looks at arguments that are `Copy` alone, which the
                // attribute makes sure of.
                fallback.value($(unsafe { &*$a.cast::<$A>() }),*)
            })
        }
        }
    )* };
}

/// The functions that expanded code calls: one for callbacks with a fallback, whose closure has the
/// type that this bound tells, and one for those without. One text for both, as a call in between
/// would copy large arguments in debug builds.
macro_rules! calls {
    (
        [$($bounds:tt)*] [$($copy:tt)*] ($($A:ident $a:ident),*)
        $body:ident, $fallback:ident => $($guarded:tt)*
    ) => {
        /// Runs the body with the room that the callback asks for.
        #[inline(always)]
        pub fn call<D: $($bounds)*, F: FnOnce($($A),*) -> R $($copy)*, $($A,)* R>(
            _described: D, $body: F, $($a: $A),*
        ) -> R {
            type G = NoFallback;
            let $fallback = NoFallback;
            $($guarded)*
        }

        /// The same; `fallback` gives the result when the body panics, or can have no stack.
        #[inline(always)]
        pub fn call_or<
            D: $($bounds)*, F: FnOnce($($A),*) -> R $($copy)*,
            G: FnOnce($(&$A),*) -> R $($copy)*, $($A,)* R
        >(_described: D, $body: F, $fallback: G, $($a: $A),*) -> R {
            $($guarded)*
        }
    };
}

/// The functions of one ABI that C calls, with closures that capture nothing.
#[allow(unused_macros, reason = "for targets with a fast path")]
macro_rules! fast {
    ($abi:literal $unwinds:literal; $($with:ident ($($A:ident $a:ident),*))*) => { $(
        /// For so many arguments.
        pub mod $with {
        use super::*;
        use run::$with::Fallback;
        bodies! { $abi $with ($($A $a),*) }

        fast_path! {
            extern $abi fn fast<[F, G] $($A),*>
            where [
                D: Describe + Body, F: FnOnce($($A),*) -> R + Copy,
                G: Fallback<$($A,)* R> + Copy
            ]
            body = D::body, slow = slow
        }

        #[cold]
        #[inline(never)]
        unsafe extern $abi fn slow<
            D: Describe + Body, F: FnOnce($($A),*) -> R + Copy,
            G: Fallback<$($A,)* R> + Copy, $($A,)* R
        >($(mut $a: ManuallyDrop<$A>),*) -> R {
            let needs = needs::<D, ($($A,)*), R>(G::EXISTS);
            if Values::<($($A,)*), R>::FIT_BY_ADDRESS && may_stay_after_all(needs) {
                // SAFETY: the arguments are those of the body, of which there is a value.
                return unsafe { D::body::<F, G, $($A,)* R>($($a),*) };
            }
            let arguments = ($(&raw mut $a,)*);
            let run = move || {
                let ($($a,)*) = arguments;
                // SAFETY: the arguments are moved out once; this frame lasts longer.
                unsafe { D::body::<F, G, $($A,)* R>($(read($a)),*) }
            };
            if !G::EXISTS {
                return call::guarded::<$unwinds, false, R, _>(needs, run);
            }
            call::guarded_or::<$unwinds, false, R, _>(needs, run, move || {
                let ($($a,)*) = arguments;
                // SAFETY: as above; what the body never got is dropped before the fallback
                // runs, which looks at arguments that are `Copy` alone, as in `run::caught`.
                unsafe {
                    $(ManuallyDrop::drop(&mut *$a);)*
                    only_value::<G>().value($(&*$a.cast::<$A>()),*)
                }
            })
        }

        calls! { [Describe + Body] [+ Copy] ($($A $a),*) _body, _fallback =>
            // SAFETY: the arguments are those of the body, of which there is a value.
            unsafe { fast::<D, F, G, $($A,)* R>($($a),*) }
        }
        }
    )* };
}

/// The functions for all other ABIs, with closures of any size, and those of "C" and "C-unwind" on
/// targets without a fast path. The frame of the shim must not grow with the body's: without a
/// fallback the closures of the first are never inlined (`named`, as backtraces name them), all
/// others by a function of their own (`unnamed`).
macro_rules! compiled {
    (@bodies named $($of:tt)*) => {};
    (@bodies unnamed $($of:tt)*) => { bodies! { $($of)* } };
    (@in_place named $body:ident($has_fallback:expr, $fallback:ident, $($argument:expr),*)) => {
        if $has_fallback {
            in_a_frame($body, $fallback, $($argument),*)
        } else {
            $body($($argument),*)
        }
    };
    (@in_place unnamed $body:ident($has_fallback:expr, $($argument:tt)*)) => {
        in_a_frame($body, $($argument)*)
    };
    // Decides where the body runs. No function, as a call in between would copy large arguments in
    // debug builds.
    (@guarded $kind:ident $body:ident $fallback:ident ($($A:ident $a:ident),*)) => {{
        let has_fallback = <G as Fallback<$($A,)* R>>::EXISTS;
        let stays = may_stay(needs::<D, ($($A,)*), R>(has_fallback));
        if !Values::<($($A,)*), R>::ARE_LARGE && stays {
            return compiled!(@in_place $kind $body(has_fallback, $fallback, $($a),*));
        }
        if Values::<($($A,)*), R>::FIT_BY_ADDRESS {
            return near::<D, F, G, $($A,)* R>($body, $fallback, $($a),*);
        }
        type Elsewhere<F, G, $($A,)* R> =
            fn(ManuallyDrop<F>, ManuallyDrop<G>, $(ManuallyDrop<$A>),*) -> R;
        let elsewhere: Elsewhere<F, G, $($A,)* R> = elsewhere::<D, F, G, $($A,)* R>;
        // Called with the arguments themselves, so that large ones are not copied on the way.
        // SAFETY: `ManuallyDrop<T>` is `repr(transparent)`, so both types pass their arguments
        // in the same way ("ABI compatibility" in the documentation of function pointers).
        let elsewhere = unsafe {
            transmute::<Elsewhere<F, G, $($A,)* R>, fn(F, G, $($A),*) -> R>(elsewhere)
        };
        // One call for both, as a debug build copies large arguments for each.
        let run = if Values::<($($A,)*), R>::ARE_LARGE && stays {
            in_a_frame::<F, G, $($A,)* R>
        } else {
            elsewhere
        };
        run($body, $fallback, $($a),*)
    }};
    ($kind:ident $abi:literal; $($with:ident ($($A:ident $a:ident),*))*) => { $(
        /// For so many arguments.
        pub mod $with {
        use super::*;
        use run::$with::{Fallback, caught};
        compiled! { @bodies $kind $abi $with ($($A $a),*) }

        /// Calls the body where SP is.
        #[inline(never)]
        fn in_a_frame<F: FnOnce($($A),*) -> R, G: Fallback<$($A,)* R>, $($A,)* R>(
            body: F, fallback: G, $($a: $A),*
        ) -> R {
            // Not by a call in between, which would copy large arguments in debug builds.
            if G::EXISTS { caught(body, fallback, $($a),*) } else { body($($a),*) }
        }

        /// Runs a call where there is room; the body gets its arguments from this frame.
        #[inline(never)]
        fn elsewhere<D: Describe, F: FnOnce($($A),*) -> R, G: Fallback<$($A,)* R>, $($A,)* R>(
            mut body: ManuallyDrop<F>, fallback: ManuallyDrop<G>, $(mut $a: ManuallyDrop<$A>),*
        ) -> R {
            let (body, fallback) = (&raw mut body, &raw const fallback);
            let arguments = ($(&raw mut $a,)*);
            let run = move || {
                let ($($a,)*) = arguments;
                // SAFETY: all of them are moved out once; this frame lasts longer.
                unsafe {
                    let body = ManuallyDrop::into_inner(read(body));
                    let fallback = ManuallyDrop::into_inner(read(fallback));
                    compiled!(@in_place $kind body(
                        G::EXISTS, fallback, $(ManuallyDrop::into_inner(read($a))),*
                    ))
                }
            };
            // Without a fallback a refusal does not return.
            let refused = move || {
                let ($($a,)*) = arguments;
                // SAFETY: as above; what the body never got is dropped before the fallback
                // runs, which looks at arguments that are `Copy` alone, as in `run::caught`.
                unsafe {
                    $(ManuallyDrop::drop(&mut *$a);)*
                    ManuallyDrop::drop(&mut *body);
                    ManuallyDrop::into_inner(read(fallback)).value($(&*$a.cast::<$A>()),*)
                }
            };
            let needs = needs::<D, ($($A,)*), R>(G::EXISTS);
            if D::UNWINDS {
                call::guarded_or::<true, true, R, _>(needs, run, refused)
            } else {
                call::guarded_or::<false, true, R, _>(needs, run, refused)
            }
        }

        /// Runs a small call from here. The closure is called in a frame of its own.
        #[inline(always)]
        fn near<D: Describe, F: FnOnce($($A),*) -> R, G: Fallback<$($A,)* R>, $($A,)* R>(
            body: F, fallback: G, $($a: $A),*
        ) -> R {
            if !G::EXISTS {
                let call = move || body($($a),*);
                return by_address::guarded::<D, false, R, _, _>(call, || call::no_fallback());
            }
            let fallback = ManuallyDrop::new(fallback);
            let (fallback, copies) = (&raw const fallback, ($(copy_of(&$a),)*));
            // SAFETY: this frame lasts longer, and one of the two calls is made.
            let fallback = move || unsafe { ManuallyDrop::into_inner(read(fallback)) };
            let refused = || {
                let ($($a,)*) = &copies;
                // SAFETY: the fallback looks at arguments that are `Copy` alone, as in
                // `run::caught`.
                fallback().value($(unsafe { $a.assume_init_ref() }),*)
            };
            let call = move || caught(body, fallback(), $($a),*);
            by_address::guarded::<D, true, R, _, _>(call, refused)
        }

        /// For shims that nothing may unwind out of, which make this call alone: the table for
        /// unwinders that they have for one call does not list another, of which the compiler knows
        /// that nothing unwinds out of it, and cleanup in them stops a forced unwinding
        /// (pthread_exit).
        #[inline(never)]
        fn in_one_call<D: Describe, F: FnOnce($($A),*) -> R, G: Fallback<$($A,)* R>, $($A,)* R>(
            body: F, fallback: G, $($a: $A),*
        ) -> R {
            compiled!(@guarded $kind body fallback ($($A $a),*))
        }

        calls! { [Describe] [] ($($A $a),*) body, fallback =>
            if D::UNWINDS || !PTHREAD_EXIT_UNWINDS || Values::<($($A,)*), R>::ARE_LARGE {
                compiled!(@guarded $kind body fallback ($($A $a),*))
            } else {
                in_one_call::<D, F, G, $($A,)* R>(body, fallback, $($a),*)
            }
        }
        }
    )* };
}

/// Whether pthread_exit unwinds the thread (glibc, FreeBSD), or may.
const PTHREAD_EXIT_UNWINDS: bool =
    !cfg!(any(target_vendor = "apple", target_os = "android", target_env = "musl", windows));

/// The bits of an argument, which nobody drops.
#[inline(always)]
fn copy_of<T>(argument: &T) -> MaybeUninit<T> {
    // SAFETY: all bits may stand in a `MaybeUninit` of the same size.
    unsafe { read((&raw const *argument).cast()) }
}

/// Arguments and a result of these types.
struct Values<A, R>(PhantomData<(A, R)>);

impl<A, R> Values<A, R> {
    const BYTES: usize = size_of::<A>() + size_of::<R>();

    /// Whether they are too large to be copied once more on their way.
    const ARE_LARGE: bool = Self::BYTES > 1024;

    /// Whether a call that has them may go by its address, which needs as little room as they, or
    /// with copies of them. For a larger result there would be cleanup in the frame of the shim,
    /// which nothing may unwind through.
    const FIT_BY_ADDRESS: bool =
        Self::BYTES < USUAL_VALUE_BYTES && size_of::<R>() <= SMALL_RESULT_BYTES;
}

macro_rules! each_arity {
    ($macro:ident! $($first:tt)*) => {
        $macro! { $($first)*;
            with0 ()
            with1 (A a)
            with2 (A a, B b)
            with3 (A a, B b, C c)
            with4 (A a, B b, C c, E e)
            with5 (A a, B b, C c, E e, H h)
            with6 (A a, B b, C c, E e, H h, I i)
            with7 (A a, B b, C c, E e, H h, I i, J j)
            with8 (A a, B b, C c, E e, H h, I i, J j, K k)
            with9 (A a, B b, C c, E e, H h, I i, J j, K k, L l)
            with10 (A a, B b, C c, E e, H h, I i, J j, K k, L l, M m)
            with11 (A a, B b, C c, E e, H h, I i, J j, K k, L l, M m, N n)
            with12 (A a, B b, C c, E e, H h, I i, J j, K k, L l, M m, N n, O o)
        }
    };
}

/// What the user's functions `body` call.
pub mod run {
    use super::*;
    each_arity! { run! }
}

/// For functions of any ABI, and closures of any size.
pub mod compiled {
    use super::*;
    each_arity! { compiled! named "Rust" }
}

/// For callbacks whose description is a value and no type, as its reserve depends on generics, and
/// for more arguments than there are functions for: they come as a tuple.
pub mod described {
    use super::*;
    use crate::callback::Callback;

    /// Runs the body with the room that the callback asks for.
    #[inline(always)]
    pub fn call<F: FnOnce(A) -> R, A, R>(callback: &'static Callback, body: F, arguments: A) -> R {
        let needs = Needs::new(callback, Values::<A, R>::BYTES, false);
        call::in_place_or(
            &needs,
            move || body(arguments),
            |call| call::guarded::<true, true, R, _>(&needs, call),
        )
    }

    /// As `call`; `fallback` gives the result when the body panics, or can have no stack.
    #[inline(always)]
    pub fn call_or<F: FnOnce(A) -> R, G: FnOnce(&A) -> R, A, R>(
        callback: &'static Callback,
        body: F,
        fallback: G,
        arguments: A,
    ) -> R {
        let (copies, fallback) = (copy_of(&arguments), ManuallyDrop::new(fallback));
        let (copies, fallback) = (&raw const copies, &raw const fallback);
        // SAFETY: both live in this frame. The fallback looks at arguments that are `Copy` alone,
        // which the attribute makes sure of, and is moved out once at most.
        let instead = move || unsafe {
            ManuallyDrop::into_inner(read(fallback))((*copies).assume_init_ref())
        };
        let needs = Needs::new(callback, Values::<A, R>::BYTES, true);
        let call = move || {
            let mut arguments = ManuallyDrop::new(arguments);
            let from = &raw mut arguments;
            // SAFETY: the arguments are moved out once; this frame lasts longer.
            caught(move || body(unsafe { ManuallyDrop::take(&mut *from) }), instead)
        };
        call::in_place_or(&needs, call, |call| {
            call::guarded_or::<true, true, R, _>(&needs, call, instead)
        })
    }
}

if_fast_path! { {
    use crate::call::may_stay_after_all;
    use crate::fast::{Arguments, Asked, fast_path};

    macro_rules! arguments {
        (; $($with:ident ($($A:ident $a:ident),*))*) => { $(
            impl<$($A),*> Arguments for ($($A,)*) {
                const LAYOUTS: &'static [(usize, usize)] =
                    &[$((size_of::<$A>(), align_of::<$A>())),*];
            }
        )* };
    }
    each_arity! { arguments! }

    /// For functions of the ABI "C".
    pub mod c {
        use super::*;
        each_arity! { fast! "C" false }
    }

    /// For functions of the ABI "C-unwind".
    pub mod c_unwind {
        use super::*;
        each_arity! { fast! "C-unwind" true }
    }

    /// The fast path for compiled shims: the address of the call is its one argument.
    mod by_address {
        use super::*;

        /// The address of a call, which has a fallback or not.
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        struct Address<const HAS_FALLBACK: bool>(*mut u8);

        trait Fallback {
            const EXISTS: bool;
        }

        impl<const HAS_FALLBACK: bool> Fallback for Address<HAS_FALLBACK> {
            const EXISTS: bool = HAS_FALLBACK;
        }

        /// Whether the call was not refused; nothing where no refusal returns.
        #[repr(transparent)]
        struct HasRun(MaybeUninit<bool>);

        impl From<bool> for HasRun {
            fn from(has_run: bool) -> Self {
                Self(MaybeUninit::new(has_run))
            }
        }

        /// What lies at the address.
        struct Call<F, R> {
            call: ManuallyDrop<F>,
            result: MaybeUninit<R>,
        }

        /// As [`call::guarded_or`]; `refused` is not called without a fallback.
        #[inline(always)]
        pub(super) fn guarded<D, const HAS_FALLBACK: bool, R, F, G>(
            call: F,
            refused: G,
        ) -> R
        where
            D: Describe,
            F: FnOnce() -> R,
            G: FnOnce() -> R,
        {
            let mut call = Call { call: ManuallyDrop::new(call), result: MaybeUninit::uninit() };
            let run = |address: Address<HAS_FALLBACK>| {
                let call = address.0.cast::<Call<F, R>>();
                // SAFETY: the call above, which is moved out once; its frame lasts longer.
                unsafe { (*call).result.write(ManuallyDrop::take(&mut (*call).call)()) };
                HasRun(if HAS_FALLBACK { MaybeUninit::new(true) } else { MaybeUninit::uninit() })
            };
            let address = Address::<HAS_FALLBACK>((&raw mut call).cast());
            let has_run = if D::UNWINDS {
                unwinding::<D, _, _>(run, address)
            } else {
                ending::<D, _, _>(run, address)
            };
            // SAFETY: with a fallback it is written, by the call or at a refusal.
            if !HAS_FALLBACK || unsafe { has_run.0.assume_init() } {
                // SAFETY: the call has written it. Without a fallback nobody sees a refusal.
                return unsafe { call.result.assume_init() };
            }
            drop(ManuallyDrop::into_inner(call.call));
            refused()
        }

        macro_rules! by_address {
            ($name:ident $abi:literal $unwinds:literal) => {
                /// Runs `run(address)` where there is room.
                #[inline(always)]
                fn $name<D: Describe, F: FnOnce(A) -> HasRun + Copy, A: Copy + Fallback>(
                    _run: F,
                    address: A,
                ) -> HasRun {
                    fast_path! {
                        extern $abi fn fast<[F] A>
                        where [
                            D: Describe, F: FnOnce(A) -> R + Copy, A: Copy + Fallback, R: From<bool>
                        ]
                        body = body, slow = slow
                    }

                    // `Copy`: with a value to drop there would be cleanup, which would end a forced
                    // unwinding (pthread_exit).
                    #[inline(never)]
                    unsafe extern $abi fn body<F: FnOnce(A) -> R + Copy, A: Copy, R>(
                        address: A,
                    ) -> R {
                        // SAFETY: the shim was called with a value of the type.
                        unsafe { only_value::<F>()(address) }
                    }

                    #[cold]
                    #[inline(never)]
                    unsafe extern $abi fn slow<D: Describe, F, A, R>(address: A) -> R
                    where
                        F: FnOnce(A) -> R + Copy,
                        A: Copy + Fallback,
                        R: From<bool>,
                    {
                        // SAFETY: the address of the call, which waits for this.
                        let run = move || unsafe { body::<F, A, R>(address) };
                        if A::EXISTS {
                            let refused = || R::from(false);
                            let needs = needs::<D, (), ()>(true);
                            call::guarded_or::<$unwinds, false, R, _>(needs, run, refused)
                        } else {
                            call::guarded::<$unwinds, false, R, _>(needs::<D, (), ()>(false), run)
                        }
                    }

                    // SAFETY: the address is what `run` expects.
                    unsafe { fast::<D, F, A, HasRun>(address) }
                }
            };
        }
        by_address! { unwinding "C-unwind" true }
        by_address! { ending "C" false }
    }
} else {
    /// For functions of the ABI "C".
    pub mod c {
        use super::*;
        each_arity! { compiled! unnamed "C" }
    }

    /// For functions of the ABI "C-unwind".
    pub mod c_unwind {
        use super::*;
        each_arity! { compiled! unnamed "C-unwind" }
    }

    /// Shims that run small calls from their own frame.
    mod by_address {
        use super::*;

        /// As [`call::guarded_or`]; `refused` is not called without a fallback.
        #[inline(always)]
        pub(super) fn guarded<D, const HAS_FALLBACK: bool, R, F, G>(call: F, refused: G) -> R
        where
            D: Describe,
            F: FnOnce() -> R,
            G: FnOnce() -> R,
        {
            let needs = needs::<D, (), ()>(HAS_FALLBACK);
            match (HAS_FALLBACK, D::UNWINDS) {
                (false, false) => call::guarded::<false, true, R, _>(needs, call),
                (false, true) => call::guarded::<true, true, R, _>(needs, call),
                (true, false) => call::guarded_or::<false, true, R, _>(needs, call, refused),
                (true, true) => call::guarded_or::<true, true, R, _>(needs, call, refused),
            }
        }
    }
} }
