//! A safe wrapper around a C library that calls back.
//!
//! The pattern, from the outside in:
//!
//! 1. [`Ticker`] owns the C object and frees it once.
//! 2. [`Ticker::listen`] takes any closure. It goes into a box whose address is the library's `void
//!    *user`.
//! 3. A *trampoline* is the function that C calls: generic over the closure's type, it turns `user`
//!    back into the closure. It carries `#[guarded_callback]`, so the closure has room whatever
//!    stack C calls on, and a `fallback` for the case that no stack can be had.
//! 4. library.h forbids that a panic leaves the callback. So the trampoline catches it, keeps what
//!    was thrown, and stops the run; [`Ticker::run`] throws it again on the Rust side.
//! 5. A second trampoline drops the box when the library says that it is done with it.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::num::NonZeroI32;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::thread;

use guarded_callback::guarded_callback;

mod sys {
    //! library.h, as Rust sees it.
    use std::ffi::c_void;

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

/// What [`Ticker::run`] returns when the listener could not run, because no stack could be had.
pub const NOT_RUN: i32 = i32::MIN;

/// What a listener has thrown and nobody has seen yet.
type Thrown = Rc<Cell<Option<Box<dyn Any + Send>>>>;

/// What the library's `void *user` points to.
struct Listener<F> {
    call: F,
    thrown: Thrown,
}

/// Counts, and tells a listener of each step.
pub struct Ticker {
    // Not Sync, and not Send because the listener need not be.
    handle: NonNull<sys::Ticker>,
    thrown: Thrown,
}

impl Ticker {
    /// A ticker to which nobody listens; `None` when there is no memory.
    #[must_use]
    pub fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        let handle = NonNull::new(unsafe { sys::ticker_new() })?;
        Some(Self { handle, thrown: Thrown::default() })
    }

    /// Calls `listener` for each step from now on, in place of the one before. What it returns as
    /// an error stops the run.
    ///
    /// Takes `&mut self`, so that no listener can be replaced, and dropped, while it runs.
    ///
    /// # Panics
    /// With the panic of the destructor of the listener before.
    pub fn listen<F>(&mut self, listener: F)
    where
        F: FnMut(u32) -> Result<(), NonZeroI32> + 'static,
    {
        let listener = Listener { call: listener, thrown: Rc::clone(&self.thrown) };
        let user = Box::into_raw(Box::new(listener)).cast();
        let (ticker, on_step, forget) = (self.handle.as_ptr(), on_step::<F>, forget::<F>);
        // SAFETY: the ticker lives; `user` is a box of the type that both trampolines expect, and
        // the library gives it back to `forget` once.
        unsafe { sys::ticker_listen(ticker, Some(on_step), Some(forget), user) };
        self.throw_again();
    }

    /// Nobody listens from now on.
    ///
    /// # Panics
    /// With the panic of the listener's destructor.
    pub fn ignore(&mut self) {
        // SAFETY: the ticker lives, and without a function there is nothing that could use `user`.
        unsafe { sys::ticker_listen(self.handle.as_ptr(), None, None, ptr::null_mut()) };
        self.throw_again();
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// With what the listener has stopped it, or [`NOT_RUN`].
    ///
    /// # Panics
    /// With the panic of the listener, and its payload.
    pub fn run(&mut self, steps: u32) -> Result<(), NonZeroI32> {
        // SAFETY: the ticker lives, and the listener is not running, as it would hold `self`.
        let stopped = unsafe { sys::ticker_run(self.handle.as_ptr(), steps) };
        self.throw_again();
        NonZeroI32::new(stopped).map_or(Ok(()), Err)
    }

    /// Goes on with a panic that a trampoline has caught, now that no frame of C is in between.
    fn throw_again(&self) {
        if let Some(payload) = self.thrown.take() {
            resume_unwind(payload);
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: the ticker lives and is freed once.
        unsafe { sys::ticker_free(self.handle.as_ptr()) };
        // A second panic at once would end the process.
        if !thread::panicking() {
            self.throw_again();
        }
    }
}

/// The trampoline for a listener of type `F`. Listeners that need more than the 128 KiB which a
/// body has by default get them with the attribute's option for the reserve.
///
/// # Safety
/// `user` is the box of a listener of type `F` that is not running.
#[guarded_callback(fallback = NOT_RUN)]
unsafe extern "C" fn on_step<F>(step: u32, user: *mut c_void) -> i32
where
    F: FnMut(u32) -> Result<(), NonZeroI32>,
{
    // SAFETY: `user` is what `listen` made for this type, and nobody else uses it now.
    let listener = unsafe { &mut *user.cast::<Listener<F>>() };
    let call = &mut listener.call;
    match catch_unwind(AssertUnwindSafe(|| call(step))) {
        Ok(result) => result.err().map_or(0, NonZeroI32::get),
        Err(payload) => {
            listener.thrown.set(Some(payload));
            // Anything but 0 stops the run; `run` throws before it looks at the value.
            1
        }
    }
}

/// Drops the listener. Its destructor is the user's code, which may need room as well and may
/// panic: hence the attribute here too.
///
/// # Safety
/// `user` is the box of a listener of type `F`, which nobody uses any more.
#[guarded_callback(fallback = ())]
unsafe extern "C" fn forget<F>(user: *mut c_void) {
    // SAFETY: `user` is what `listen` made for this type, and the library gives it back once.
    let listener = unsafe { Box::from_raw(user.cast::<Listener<F>>()) };
    let thrown = Rc::clone(&listener.thrown);
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(listener))) {
        thrown.set(Some(payload));
    }
}
