//! Arguments that are too large to be copied onto the host, and must be dropped by the body.

use core::mem::{self, ManuallyDrop};

/// Calls `with` with a pointer to `argument`, which nobody else drops.
///
/// The argument moves into a function that does not own it, in the place where the caller has it: no copy is made of one that is
/// passed by address.
#[inline(always)]
pub fn lend<T, R, W: FnOnce(*const T) -> R>(argument: T, with: W) -> R {
    let kept: fn(ManuallyDrop<T>, W) -> R = keep::<T, R, W>;
    // SAFETY: `ManuallyDrop<T>` is `repr(transparent)`, so the two function types pass their arguments in the same way ("ABI
    // compatibility" in the documentation of function pointers), and every value of T is one of ManuallyDrop<T>.
    let kept = unsafe { mem::transmute::<fn(ManuallyDrop<T>, W) -> R, fn(T, W) -> R>(kept) };
    kept(argument, with)
}

fn keep<T, R, W: FnOnce(*const T) -> R>(argument: ManuallyDrop<T>, with: W) -> R {
    with(&raw const *argument)
}

/// The duty to drop a lent argument, until somebody takes it.
#[derive(Debug)]
pub struct Owed<T>(*const T);

impl<T> Owed<T> {
    /// Takes on the duty.
    ///
    /// # Safety
    /// The pointer comes from [`lend`], whose call lasts longer than this.
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(argument: *const T) -> Self {
        Self(argument)
    }

    /// Takes the argument out.
    #[inline(always)]
    #[must_use]
    pub fn take(self) -> T {
        let owed = ManuallyDrop::new(self);
        // SAFETY: the pointer is to a lent argument, and without the drop below this is the only one who takes it.
        unsafe { owed.0.read() }
    }
}

impl<T> Drop for Owed<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: nobody has taken the argument.
        unsafe { self.0.cast_mut().drop_in_place() };
    }
}
