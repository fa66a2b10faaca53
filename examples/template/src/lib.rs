//! A safe wrapper around a C library that calls back.
//!
//! The pattern, from the outside in:
//!
//! 1. [`Ticker`] owns the C object and frees it once.
//! 2. [`Ticker::listen`] takes any closure. It goes into a box whose address is the library's `void *user`.
//! 3. A *trampoline* is the function that C calls: generic over the closure's type, it turns `user` back into the closure. It carries
//!    `#[guarded_callback]`, so the closure has room whatever stack C calls on, and a `fallback` for the case that it panics, since
//!    library.h forbids that a panic leaves it.
//! 4. A second trampoline drops the box when the library says that it is done with it.

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use std::num::NonZeroI32;

use guarded_callback::guarded_callback;

mod sys {
    //! library.h, as Rust sees it.
    use core::ffi::c_void;

    #[repr(C)]
    pub struct Ticker {
        _opaque: [u8; 0],
    }

    pub type OnStep = unsafe extern "C" fn(step: u32, user: *mut c_void) -> i32;
    pub type OnForget = unsafe extern "C" fn(user: *mut c_void);

    unsafe extern "C" {
        pub fn ticker_new() -> *mut Ticker;
        pub fn ticker_listen(
            ticker: *mut Ticker,
            on_step: Option<OnStep>,
            on_forget: Option<OnForget>,
            user: *mut c_void,
        );
        pub fn ticker_run(ticker: *mut Ticker, steps: u32) -> i32;
        pub fn ticker_free(ticker: *mut Ticker);
    }
}

/// What [`Ticker::run`] returns when the listener has panicked.
pub const PANICKED: i32 = i32::MIN;

/// Counts, and tells a listener of each step.
#[derive(Debug)]
pub struct Ticker {
    // Not Sync, and not Send because the listener need not be.
    handle: NonNull<sys::Ticker>,
}

impl Ticker {
    /// A ticker to which nobody listens; `None` when there is no memory.
    #[must_use]
    pub fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        let handle = NonNull::new(unsafe { sys::ticker_new() })?;
        Some(Self { handle })
    }

    /// Calls `listener` for each step from now on, in place of the one before. What it returns as an error stops the run.
    ///
    /// Takes `&mut self`, so that no listener can be replaced, and dropped, while it runs.
    pub fn listen<F>(&mut self, listener: F)
    where
        F: FnMut(u32) -> Result<(), NonZeroI32> + 'static,
    {
        let user = Box::into_raw(Box::new(listener)).cast();
        // SAFETY: the ticker lives; `user` is a box of the type that both trampolines expect, and the library gives it back
        // to `forget` once.
        unsafe { sys::ticker_listen(self.handle.as_ptr(), Some(on_step::<F>), Some(forget::<F>), user) };
    }

    /// Nobody listens from now on.
    pub fn ignore(&mut self) {
        // SAFETY: the ticker lives, and without a function there is nothing that could use `user`.
        unsafe { sys::ticker_listen(self.handle.as_ptr(), None, None, ptr::null_mut()) };
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// With what the listener has stopped it, or [`PANICKED`].
    pub fn run(&mut self, steps: u32) -> Result<(), NonZeroI32> {
        // SAFETY: the ticker lives, and the listener is not running, as it would hold `self`.
        match NonZeroI32::new(unsafe { sys::ticker_run(self.handle.as_ptr(), steps) }) {
            None => Ok(()),
            Some(stopped) => Err(stopped),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: the ticker lives and is freed once.
        unsafe { sys::ticker_free(self.handle.as_ptr()) };
    }
}

/// The trampoline for a listener of type `F`.
///
/// # Safety
/// `user` is the box of a listener of type `F` that is not running.
#[guarded_callback(reserve = "256 KiB", fallback = PANICKED)]
unsafe extern "C" fn on_step<F>(step: u32, user: *mut c_void) -> i32
where
    F: FnMut(u32) -> Result<(), NonZeroI32>,
{
    // SAFETY: see above.
    let listener = unsafe { &mut *user.cast::<F>() };
    listener(step).err().map_or(0, NonZeroI32::get)
}

/// Drops the listener. Its destructor is the user's code, which may need room as well and may panic: hence the attribute here too.
///
/// # Safety
/// `user` is the box of a listener of type `F`, which nobody uses any more.
#[guarded_callback(reserve = "256 KiB", fallback = ())]
unsafe extern "C" fn forget<F>(user: *mut c_void) {
    // SAFETY: see above.
    drop(unsafe { Box::from_raw(user.cast::<F>()) });
}
