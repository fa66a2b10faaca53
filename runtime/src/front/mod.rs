//! The front: a short way through the shim, taken with the arguments still where C has put them.
//!
//! It looks at SP before anything else. With room on the thread stack (not for `switch = always`) or on the system stack it jumps into the body, so that
//! nothing lies between C and the body. Otherwise, with an idle system stack and all arguments in registers, it changes stacks and calls the body there. In every
//! other case it jumps to what packs the arguments and asks [`guard`](crate::enter::guard), which knows all cases and is the only way where there is no front.
//!
//! The attribute writes a front for ABIs that are C's here, for functions without `self`; those that may unwind it leaves in place or to the general way. It is the
//! shim itself, with the body as a function inside of it, where that needs no names from around (macros/src/naked.rs). Elsewhere
//! (macros/src/front.rs) the body is a closure that captures nothing, a type without a value, which the front names; the compiled shim looks at the thread stack and
//! jumps to the body or to the front.
//!
//! With the features `stats` and `asan` there is no front: the general way counts, and tells the sanitizer. Nor with `dynamic-tls`: it finds the
//! thread's words without a call.
//!
//! The contract of a file is the macros `__guarded_callback_function!`, which takes a naked function or a compiled one, and `__guarded_callback_front!`, an
//! expression that takes the one way or the other in a compiled shim; `has_made`, which tells the records of activations that a front has begun, and
//! `callback_on`, which tells whose body such an activation runs.

// The only list of targets: the file of the line that applies; where none does, the one of the module's own name.
#[cfg_attr(
    all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu",
        target_pointer_width = "64",
        not(any(miri, feature = "stats", feature = "asan", feature = "dynamic-tls"))
    ),
    path = "x86_64.rs"
)]
mod unavailable;

#[allow(unused_imports, reason = "a target without a front has the macro alone")]
pub use unavailable::*;

use core::marker::PhantomData;

/// Arguments up to this size are handed on by value: as large as C passes in registers.
const SMALL_ARGUMENT_BYTES: usize = 16;

/// Registers for integers, of which a result in memory takes one. Arguments in vector registers count as well.
const REGISTERS: usize = 6;

/// What the assembler takes for yes and no.
#[must_use]
pub const fn flag(yes: bool) -> usize {
    yes as usize
}

/// Whether arguments of these sizes are handed on by value, as the front does. Larger ones go by address.
#[must_use]
pub const fn are_small(argument_bytes: &[usize]) -> bool {
    let mut at = 0;
    while at < argument_bytes.len() {
        if argument_bytes[at] > SMALL_ARGUMENT_BYTES {
            return false;
        }
        at += 1;
    }
    true
}

/// Whether all arguments travel in registers, so that they are there on any stack. `result` says whether the result does; otherwise
/// its address is one more argument.
#[must_use]
pub const fn in_registers(arguments: &[bool], result: bool) -> bool {
    let mut at = 0;
    while at < arguments.len() {
        if !arguments[at] {
            return false;
        }
        at += 1;
    }
    arguments.len() + !result as usize <= REGISTERS
}

/// Types that C passes in one register of either kind, or in none.
pub trait InRegister {}

macro_rules! in_register {
    ($($ty:ty)*) => { $(impl InRegister for $ty {})* };
}
in_register!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 bool char);
impl InRegister for () {}
impl<T> InRegister for *const T {}
impl<T> InRegister for *mut T {}
impl<T> InRegister for &T {}
impl<T> InRegister for &mut T {}
impl<T> InRegister for core::ptr::NonNull<T> {}
impl<T> InRegister for Option<&T> {}
impl<T> InRegister for Option<&mut T> {}
impl<T> InRegister for Option<core::ptr::NonNull<T>> {}

macro_rules! function_in_register {
    ($($parameter:ident)*) => {
        impl<R, $($parameter),*> InRegister for extern "C" fn($($parameter),*) -> R {}
        impl<R, $($parameter),*> InRegister for unsafe extern "C" fn($($parameter),*) -> R {}
        impl<R, $($parameter),*> InRegister for Option<extern "C" fn($($parameter),*) -> R> {}
        impl<R, $($parameter),*> InRegister for Option<unsafe extern "C" fn($($parameter),*) -> R> {}
    };
}
function_in_register!();
function_in_register!(A);
function_in_register!(A B);
function_in_register!(A B C);
function_in_register!(A B C D);
function_in_register!(A B C D E);
function_in_register!(A B C D E F);

/// Asks whether `T` is [`InRegister`]: the inherent constant is found where the bound holds, the trait's everywhere else.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: InRegister> Probe<T> {
    /// The answer yes.
    pub const IN_REGISTER: bool = true;
}

/// The answer for types that are not known to be [`InRegister`], and for type parameters.
pub trait NotInRegister {
    /// The answer no.
    const IN_REGISTER: bool = false;
}

impl<T: ?Sized> NotInRegister for Probe<T> {}
