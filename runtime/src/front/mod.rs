//! The front: a second way through the shim, for callbacks whose arguments all travel in registers.
//!
//! A naked function decides with the arguments still in their registers and jumps into the body, or changes stacks and
//! calls it: nothing is spilled, copied or packed into a closure. The way through [`guard`](crate::enter::guard) stays for all the
//! others, and for the targets that have no file here.
//!
//! The contract of a file: the macro `__guarded_callback_front!`, which writes `call_front`, and `AVAILABLE`.

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu", target_pointer_width = "64", not(miri)))]
#[path = "x86_64.rs"]
mod arch;
#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(miri)
)))]
#[path = "unavailable.rs"]
mod arch;

pub use arch::*;

use core::marker::PhantomData;

/// Types that every calling convention with a front passes in one general or floating-point register.
pub trait InRegister {}

macro_rules! in_register {
    ($($ty:ty)*) => { $(impl InRegister for $ty {})* };
}
in_register!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 bool);
impl<T> InRegister for *const T {}
impl<T> InRegister for *mut T {}
impl<T> InRegister for &T {}
impl<T> InRegister for &mut T {}
impl<T> InRegister for core::ptr::NonNull<T> {}
impl<T> InRegister for Option<core::ptr::NonNull<T>> {}

/// Asks whether `T` is [`InRegister`]: the inherent constant is found where the bound holds, the trait's everywhere else.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: InRegister> Probe<T> {
    /// The answer yes.
    pub const IN_REGISTER: bool = true;
}

/// The answer for types that are not [`InRegister`], and for type parameters.
pub trait NotInRegister {
    /// The answer no.
    const IN_REGISTER: bool = false;
}

impl<T> NotInRegister for Probe<T> {}
