//! The way of a callback, from C to the body and back.
//!
//! 1. C calls the shim, which the attribute made (macros/src/expand.rs). It calls [`guard`] or [`guard_or`], which are inlined
//!    into it.
//! 2. [`enter`] looks at SP. On the thread stack (thread.rs) or on the thread's system stack (stack/mod.rs), with room for the
//!    reserve: the body runs in place, [`in_place`]. On neither, and the system stack is idle: [`on_stack`].
//! 3. Everything else is [`arrive`](crate::arrive::arrive), the cold path: first use on a thread, a full or busy stack, a foreign stack.
//!    It finds a stack (arrive.rs) or refuses.
//! 4. [`on_stack`] notes the host in the stack's header and crosses over with `call_on_stack` (switch/). The body runs, its
//!    result is written on the system stack.
//! 5. Back on the host, the result is moved to where C wants it, and the stack is marked idle by [`Activation`]'s drop, which
//!    runs as well when a panic or an exception unwinds across.
//!
//! A longjmp skips step 5. The stack then stays marked as busy, so that the next callback takes the cold path, which finds the
//! activation dead and takes its stack back (reclaim.rs).

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use core::sync::atomic::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::arrive::{self, Arrival};
use crate::callback::{Callback, Mode};
use crate::stack::{Header, IDLE, Record};
use crate::thread::hot::hot;
use crate::{switch, thread};

/// How often a debug build copies an argument or a result on its way between shim and body.
const COPIES: usize = 3;

/// Where the body will run.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    InPlace,
    OnStack(&'static Header),
    /// Nowhere, and the callback has a fallback.
    Refused,
}

/// Runs `call` as the body of `callback`, on a stack with room. Aborts the process where there is none.
#[inline(always)]
pub fn guard<R, F: FnOnce() -> R>(callback: &'static Callback, argument_bytes: usize, call: F) -> R {
    let mut record = MaybeUninit::uninit();
    match enter(callback, argument_bytes + size_of::<R>(), &mut record) {
        Entry::OnStack(header) => on_stack(header, callback, &mut record, call),
        Entry::InPlace | Entry::Refused => in_place(call),
    }
}

/// As [`guard`]; `fallback` gives the result when `call` panics or no stack can be had.
#[inline(always)]
pub fn guard_or<R, F, G>(callback: &'static Callback, argument_bytes: usize, call: F, fallback: G) -> R
where
    F: FnOnce() -> R,
    G: FnOnce() -> R,
{
    let mut record = MaybeUninit::uninit();
    match enter(callback, argument_bytes + size_of::<R>(), &mut record) {
        Entry::OnStack(header) => on_stack(header, callback, &mut record, || caught(call, fallback)),
        Entry::InPlace => in_place(|| caught(call, fallback)),
        Entry::Refused => fallback(),
    }
}

/// Decides where the body runs. What it calls when warm is inlined, so that the shim stays a leaf until then.
#[inline(always)]
fn enter(callback: &'static Callback, value_bytes: usize, record: &mut MaybeUninit<Record>) -> Entry {
    let sp = switch::stack_pointer();
    let needed = callback.needed() + COPIES * value_bytes;
    // SAFETY: the words of the calling thread live as long as the thread, and this reference does not leave the function.
    let hot = unsafe { &*hot() };
    if !matches!(callback.mode, Mode::Always) {
        let above_low = sp.wrapping_sub(hot.low.get());
        if above_low < hot.room_bytes.get() && above_low >= needed {
            return Entry::InPlace;
        }
    }
    // SAFETY: the pointer is to NO_STACK or to a stack that this thread holds, which stays mapped meanwhile.
    let header: &'static Header = unsafe { &*hot.stack.get() };
    let above_low = sp.wrapping_sub(header.low);
    if above_low < header.room_bytes {
        if above_low >= needed {
            return Entry::InPlace;
        }
    } else if header.host.load(Ordering::Relaxed) == IDLE
        && header.room_bytes >= needed
        && !matches!(callback.mode, Mode::Never)
    {
        return Entry::OnStack(header);
    }
    arrive::arrive(&Arrival { callback, needed, sp, record: record.as_ptr().addr() })
}

/// Calls the body where SP is. Never inlined: the shim's frame must not grow with the body's.
#[inline(never)]
fn in_place<R, F: FnOnce() -> R>(call: F) -> R {
    call()
}

/// The body with its panic policy: C gets the fallback's value instead of the panic.
fn caught<R>(call: impl FnOnce() -> R, fallback: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result,
        Err(payload) => {
            // A payload whose drop panics again must not get past us: it is leaked.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                core::mem::forget(second);
            }
            fallback()
        }
    }
}

/// Marks the stack idle when the body has returned or unwound.
struct Activation(&'static Header);

impl Drop for Activation {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_extra.get() { arrive::leave(self.0) } else { self.0.set_idle() }
    }
}

/// Calls the body on the stack of `header`.
///
/// The result is written at the top of that stack and moved from there, so that a large one takes no room on the host.
#[inline(always)]
fn on_stack<R, F: FnOnce() -> R>(
    header: &'static Header,
    callback: &'static Callback,
    record: &mut MaybeUninit<Record>,
    call: F,
) -> R {
    let record = record.write(Record { header });
    let mut call = ManuallyDrop::new(call);
    let result = result_slot::<R>(header);
    let mut crossing = Crossing { call: &raw mut *call, result };
    header.begin(callback, ptr::from_mut(record).addr());
    // A panic that must not get out aborts on this stack, with room for the message, and not on the host.
    let first =
        if callback.unwinds { cross::<R, F> } else { cross_and_stop::<R, F> as unsafe extern "C-unwind" fn(*mut u8) };
    let _activation = Activation(header);
    // SAFETY: the stack is idle and held by this thread, or was handed to this arrival alone, so nobody uses it until the
    // activation ends; the slot is aligned to 64; `crossing` lives in this frame until the call has returned.
    unsafe { switch::call_on_stack((&raw mut crossing).cast(), first, result.cast(), header.host_sp.as_ptr()) };
    // SAFETY: `cross` has returned, so it has written the result; the stack is still ours.
    unsafe { result.read() }
}

/// From inside of a body, runs `call` on the stack that C called from: for calls back into hosts that check their own
/// stack bounds, such as JavaScript engines and virtual machines.
///
/// On any other stack `call` runs where it is. How much room the host has left is the caller's to know: `call` should be a
/// thin call into the host. Guarded callbacks that the host makes from there are guarded as usual.
///
/// # Panics
/// With the panics of `call`, which cross the switch.
///
/// ```
/// use guarded_callback::{Mode, Options, call_guarded, on_host_stack, on_system_stack};
/// static BODY: Options = Options::new("body").switch(Mode::Always);
/// call_guarded(&BODY, || {
///     assert!(on_system_stack());
///     on_host_stack(|| assert!(!on_system_stack()));
/// });
/// ```
pub fn on_host_stack<R>(call: impl FnOnce() -> R) -> R {
    match thread::system_stack(switch::stack_pointer()) {
        Some(header) => on_host_of(header, call),
        None => call(),
    }
}

fn on_host_of<R, F: FnOnce() -> R>(header: &'static Header, call: F) -> R {
    let _visit = Visit::new(header);
    let mut call = ManuallyDrop::new(call);
    let mut result = MaybeUninit::<R>::uninit();
    let mut crossing = Crossing { call: &raw mut *call, result: result.as_mut_ptr() };
    let top = ptr::with_exposed_provenance_mut(header.host_sp.get() & !63);
    let mut left_at = 0;
    // SAFETY: below the SP at which the activation left its host nothing lives, as the host waits for the body that this is a
    // part of; `crossing` lives in this frame until the call has returned.
    unsafe { switch::call_on_stack((&raw mut crossing).cast(), cross::<R, F>, top, &raw mut left_at) };
    // SAFETY: `cross` has returned, so it has written the result.
    unsafe { result.assume_init() }
}

/// Keeps the activation from being taken for dead because its host is in use.
struct Visit(&'static Header);

impl Visit {
    fn new(header: &'static Header) -> Self {
        header.visits.set(header.visits.get() + 1);
        Self(header)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.visits.set(self.0.visits.get() - 1);
    }
}

/// What travels with the switch.
struct Crossing<F, R> {
    call: *mut F,
    result: *mut R,
}

/// The first frame on the system stack.
///
/// # Safety
/// `argument` points to a [`Crossing`] whose `call` was not called yet and whose `result` can be written.
unsafe extern "C-unwind" fn cross<R, F: FnOnce() -> R>(argument: *mut u8) {
    // SAFETY: see above; the closure is moved out once and not dropped by the host.
    unsafe {
        let crossing = argument.cast::<Crossing<F, R>>();
        let call = (*crossing).call.read();
        (*crossing).result.write(call());
    }
}

/// As [`cross`], for ABIs that nothing unwinds out of.
///
/// # Safety
/// As for `cross`.
unsafe extern "C-unwind" fn cross_and_stop<R, F: FnOnce() -> R>(argument: *mut u8) {
    unsafe extern "C" fn stop<R, F: FnOnce() -> R>(argument: *mut u8) {
        // SAFETY: passed on.
        unsafe { cross::<R, F>(argument) };
    }
    // SAFETY: passed on.
    unsafe { stop::<R, F>(argument) };
}

/// A place for the result just below the header, aligned for it and for the first frame.
#[inline(always)]
fn result_slot<R>(header: &Header) -> *mut R {
    let top = header.top();
    let align = if align_of::<R>() > 64 { align_of::<R>() } else { 64 };
    top.map_addr(|top| (top - size_of::<R>()) & !(align - 1)).cast()
}
