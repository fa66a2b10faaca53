//! The public functions that take several of the rooms below.

use core::ops::Range;
use core::sync::atomic::Ordering::Relaxed;

use crate::bounds::{Source, StackBounds};
use crate::callback::{Needs, Options};
use crate::diagnostics::overflow;
use crate::locate::locate;
use crate::registry::{RegisterError, Registration};
use crate::stack::table;
use crate::thread::signal_mask::Blocked;
use crate::thread::{self, signal_stack};
use crate::{call, os_bounds, slow_path, switch};

/// Runs `call` with the room that `options` ask for: in place or on a system stack.
///
/// Where no stack can be had the process aborts with one line that says why.
///
/// # Panics
/// With the panics of `call`, which cross the switch.
///
/// ```
/// use guarded_callback::{Mode, Options, call_guarded, on_system_stack};
/// static DEEP: Options = Options::new("deep").reserve(1 << 20).switch(Mode::Always);
/// assert!(call_guarded(&DEEP, on_system_stack));
/// ```
#[doc(alias("maybe_grow", "grow", "on_stack"))]
pub fn call_guarded<R>(options: &'static Options, call: impl FnOnce() -> R) -> R {
    let needs = Needs::new(options, size_of::<R>(), false);
    call::in_place_or(&needs, call, |call| call::guarded::<true, true, R, _>(&needs, call))
}

/// From now on an overflow of a system stack, or of a thread's own stack on which callbacks run in
/// place, is reported on standard error before the process dies of it.
///
/// The report names the stack and its size, the thread, the callback and the room that it asked
/// for, and says what to do. For a system stack it also names the callbacks on other system stacks
/// that this one was called from. Callbacks that run in place leave no trace, so that the report of
/// a thread's own stack names the first one that did on that thread; a thread on which none did is
/// never reported.
///
/// The signal then goes to the handler that was installed before; where there was none, the process
/// dies as it would have. Faults of any other kind go there without a word.
///
/// The handler needs an alternate signal stack. The calling thread gets one if it has none, and so
/// do other threads, also those that C created, when they make their first callback after this
/// call; a thread that called back before gets it from [`prepare_thread`](crate::prepare_thread).
///
/// # Errors
/// That of `sigaction(2)` or `AddVectoredExceptionHandler`, and then nothing is installed;
/// unsupported where there is neither.
///
/// ```
/// guarded_callback::install_overflow_report()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias("segfault", "SIGSEGV", "sigaltstack"))]
pub fn install_overflow_report() -> std::io::Result<()> {
    overflow::install()?;
    slow_path::prepare_thread();
    Ok(())
}

impl StackBounds {
    /// The bounds of the stack that this function is called on; `None` on a foreign stack, such as
    /// a coroutine's, of which nothing is known.
    #[must_use]
    pub fn current() -> Option<Self> {
        let sp = switch::stack_pointer();
        let signal_stack = || {
            let range = signal_stack::current().range().filter(|range| range.contains(&sp))?;
            Some(Self::new(range.start, range.end, Source::Signal))
        };
        let thread = thread::current();
        locate(thread, sp)
            .bounds(thread)
            .or_else(signal_stack)
            .or_else(|| Self::of_thread().filter(|bounds| bounds.contains(sp)))
            .or_else(|| os_bounds::bounds_at(sp))
    }

    /// The bounds of the calling thread's own stack, whatever stack the call is made on; `None`
    /// when the system does not tell.
    #[must_use]
    pub fn of_thread() -> Option<Self> {
        let known = thread::current().and_then(thread::Thread::bounds);
        known.unwrap_or_else(|| os_bounds::thread_stack(switch::stack_pointer(), true))
    }
}

/// Bytes between SP and the lowest usable address of the stack that the call is made on; `None` on
/// a foreign stack.
///
/// ```
/// assert!(guarded_callback::remaining_stack().is_some_and(|bytes| bytes > 16 * 1024));
/// ```
#[doc(alias("stack_left"))]
#[must_use]
pub fn remaining_stack() -> Option<usize> {
    StackBounds::current().map(|bounds| switch::stack_pointer().saturating_sub(bounds.low()))
}

/// Whether the call is made on a system stack of this runtime.
///
/// ```
/// assert!(!guarded_callback::on_system_stack());
/// ```
#[must_use]
pub fn on_system_stack() -> bool {
    table::stack_at(switch::stack_pointer()).is_some()
}

/// Declares the addresses `low..high` to be one stack, usable to its lowest byte, until the
/// [`Registration`] is dropped.
///
/// Callbacks that arrive on it run in place where it has room (not with `switch = always`). This
/// also tells a stack carved out of a thread's own stack, or of a system stack, from the stack
/// around it; register such a one on the thread that it belongs to. The range is believed: on one
/// that is too large a body starts with less room than it asked for.
///
/// # Errors
/// When the range is empty, 65,536 ranges are registered already, or there is no memory for their
/// table.
///
/// ```
/// let memory = vec![0_u8; 256 * 1024];
/// let range = memory.as_ptr_range();
/// let registration = guarded_callback::register_stack(range.start.addr()..range.end.addr())?;
/// drop(registration);
/// # Ok::<(), guarded_callback::RegisterError>(())
/// ```
#[doc(alias("coroutine", "fiber"))]
pub fn register_stack(range: Range<usize>) -> Result<Registration, RegisterError> {
    let registration = Registration::new(range)?;
    take_up(registration.range());
    Ok(registration)
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.forget();
        take_up(self.range());
    }
}

/// Lets the fast path of the calling thread know of a change of what is registered. A handler in
/// between would change that again, and be forgotten.
fn take_up(range: &Range<usize>) {
    let _blocked = Blocked::all();
    if let Some(around) = table::stack_at(range.start) {
        let (low, high) = (around.low, around.low + around.room_bytes);
        let is_carved = crate::registry::lowest_inside(low, high).is_some();
        around.is_carved.store(is_carved, Relaxed);
    }
    if let Some(thread) = thread::current() {
        thread.update_words();
    }
}
