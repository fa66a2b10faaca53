//! The way of a callback, from C to the body and back.
//!
//! 1. C calls the shim, which the attribute made (macros/src/expand.rs). Where it can, it is a jump to a front (front/), which does
//!    steps 3, 5 and 6 by itself while the arguments stay in their registers, for callbacks whose thread is prepared and whose system
//!    stack is idle. What it leaves over, and all callbacks without a front, go on here.
//! 2. The shim, or what the front jumps to, packs what the body needs and calls [`guard`], [`guard_or`] or [`guard_told`], which are inlined into
//!    it; they call [`run`], which is the same code for all callbacks.
//! 3. [`enter`] looks at SP. On the thread stack (thread.rs) or on the thread's system stack (stack/mod.rs), with room for the
//!    reserve: the body runs in place. On neither, and the system stack is idle: [`cross_over`].
//! 4. Everything else is [`arrive`](crate::arrive::arrive), the cold path: first use on a thread, a full or busy stack, a foreign stack.
//!    It finds a stack (arrive.rs) or refuses.
//! 5. [`cross_over`] notes the host in the stack's header and changes stacks with `call_on_stack` (switch/). The body runs and writes
//!    its result: a small one into the shim's frame, a large one on the system stack.
//! 6. Back on the host the stack is marked idle by [`Activation`]'s drop, which runs as well when a panic or an exception
//!    unwinds across.
//!
//! A longjmp skips step 6. The stack then stays marked as busy, so that the next callback takes the cold path, which finds the
//! activation dead and takes its stack back (reclaim.rs).

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::arrive::{self, Arrival};
use crate::callback::{Callback, Mode};
use crate::report::tally;
use crate::stack::depth::Depth;
use crate::stack::{Header, Record};
use crate::thread::hot::hot;
use crate::{checker, switch, thread};

/// Where the body will run.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    InPlace,
    OnStack(&'static Header),
    /// Nowhere, and the callback has a fallback.
    Refused,
}

/// Results up to this size are written into the shim's frame; the shim reads larger ones from the body's stack.
pub const SMALL_RESULT_BYTES: usize = 64;

/// Runs `call` as the body of `callback`, on a stack with room. Aborts the process where there is none.
#[inline(always)]
pub fn guard<R, F: FnOnce() -> R>(callback: &'static Callback, argument_bytes: usize, call: F) -> R {
    let needed = callback.needed_with(argument_bytes + size_of::<R>());
    if const { size_of::<R>() <= SMALL_RESULT_BYTES } {
        let mut call = ManuallyDrop::new(call);
        let mut result = MaybeUninit::uninit();
        let mut crossing = Crossing { call: &raw mut *call, result: result.as_mut_ptr() };
        // SAFETY: `crossing` lives in this frame until `run` returns, and is of the types that `first` expects.
        unsafe { run(callback, needed, (&raw mut crossing).cast(), first::<R, F>(callback)) };
        // SAFETY: the body has run and written its result; a refusal without a fallback does not return.
        return unsafe { result.assume_init() };
    }
    let mut record = MaybeUninit::uninit();
    match enter(callback, needed, &mut record) {
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
    guard_told(callback, argument_bytes, move |runs| {
        if runs {
            return caught(call, fallback);
        }
        drop(call);
        fallback()
    })
}

/// As [`guard`], for a `call` with a fallback of its own: it is told whether it has a stack to run on, and is called in either case.
#[inline(always)]
pub fn guard_told<R, F: FnOnce(bool) -> R>(callback: &'static Callback, argument_bytes: usize, call: F) -> R {
    let needed = callback.needed_with(argument_bytes + size_of::<R>());
    if const { size_of::<R>() <= SMALL_RESULT_BYTES } {
        let mut told = Told { call: ManuallyDrop::new(call), has_run: false };
        let mut result = MaybeUninit::uninit();
        let mut crossing = Crossing { call: &raw mut told, result: result.as_mut_ptr() };
        // SAFETY: as in `guard`.
        unsafe { run(callback, needed, (&raw mut crossing).cast(), cross_and_tell::<R, F>) };
        if told.has_run {
            // SAFETY: as in `guard`.
            return unsafe { result.assume_init() };
        }
        let call = ManuallyDrop::into_inner(told.call);
        return in_place(move || call(false));
    }
    let mut record = MaybeUninit::uninit();
    match enter(callback, needed, &mut record) {
        Entry::OnStack(header) => on_stack(header, callback, &mut record, move || call(true)),
        Entry::InPlace => in_place(move || call(true)),
        Entry::Refused => in_place(move || call(false)),
    }
}

/// A body that has its fallback. Who runs it takes it, and says so first.
struct Told<F> {
    call: ManuallyDrop<F>,
    has_run: bool,
}

/// The part of a shim that is the same for all: runs `first` with `crossing` where there is room. It does not when the
/// callback was refused, which one without a fallback does not live to see.
///
/// # Safety
/// `crossing` is what `first` expects and stays valid until this returns.
#[inline(never)]
unsafe fn run(callback: &'static Callback, needed: usize, crossing: *mut u8, first: First) {
    // First what most callbacks do, as a leaf that ends in a jump.
    if may_stay_on_thread_stack(callback, needed, switch::stack_pointer()) {
        tally::in_place(callback);
        // SAFETY: passed on.
        return unsafe { first(crossing) };
    }
    // SAFETY: passed on.
    unsafe { run_elsewhere(callback, needed, crossing, first) }
}

/// # Safety
/// As for [`run`].
#[inline(never)]
unsafe fn run_elsewhere(callback: &'static Callback, needed: usize, crossing: *mut u8, first: First) {
    let mut record = MaybeUninit::uninit();
    match enter_elsewhere(callback, needed, switch::stack_pointer(), &mut record) {
        // SAFETY: passed on.
        Entry::InPlace => unsafe { first(crossing) },
        // SAFETY: passed on; the first frame begins at the header, which is aligned to 64.
        Entry::OnStack(header) => unsafe {
            cross_over(header, callback, &mut record, crossing, first, header.top());
        },
        Entry::Refused => {}
    }
}

/// Decides where a body with a large result runs. Not inlined into the shim: all code that reads the thread's words stays in
/// this crate's own object files.
#[inline(never)]
fn enter(callback: &'static Callback, needed: usize, record: &mut MaybeUninit<Record>) -> Entry {
    let sp = switch::stack_pointer();
    if may_stay_on_thread_stack(callback, needed, sp) {
        tally::in_place(callback);
        return Entry::InPlace;
    }
    enter_elsewhere(callback, needed, sp, record)
}

/// Whether SP is on the thread stack with enough room.
#[inline(always)]
fn may_stay_on_thread_stack(callback: &Callback, needed: usize, sp: usize) -> bool {
    // SAFETY: the words of the calling thread live as long as the thread, and this reference does not leave the function.
    let hot = unsafe { &*hot() };
    let above_low = sp.wrapping_sub(hot.low.get());
    above_low < hot.room_bytes.get() && above_low >= needed && !matches!(callback.mode, Mode::Always)
}

/// Decides where a body runs that cannot stay on the thread stack.
#[inline(always)]
fn enter_elsewhere(callback: &'static Callback, needed: usize, sp: usize, record: &mut MaybeUninit<Record>) -> Entry {
    // SAFETY: the words of the calling thread live as long as the thread, and this reference does not leave the function.
    let hot = unsafe { &*hot() };
    // SAFETY: the pointer is to NO_STACK or to a stack that this thread holds, which stays mapped meanwhile.
    let header: &'static Header = unsafe { &*hot.stack_for(callback.mode) };
    let above_low = sp.wrapping_sub(header.low);
    if above_low < header.room_bytes {
        if above_low >= needed {
            tally::in_place(callback);
            return Entry::InPlace;
        }
    } else if header.is_idle()
        && header.room_bytes >= needed
        && !matches!(callback.mode, Mode::Never)
        && !hot.is_on_signal_stack(sp)
    {
        return Entry::OnStack(header);
    }
    let entry = arrive::arrive(&Arrival { callback, needed, sp, record: record.as_mut_ptr().expose_provenance() });
    if let Entry::InPlace = entry {
        tally::in_place(callback);
    }
    entry
}

/// Calls the body where SP is. Never inlined: the shim's frame must not grow with the body's.
#[inline(never)]
fn in_place<R, F: FnOnce() -> R>(call: F) -> R {
    call()
}

/// The body with its panic policy: C gets the fallback's value instead of the panic.
#[inline]
pub fn caught<R>(call: impl FnOnce() -> R, fallback: impl FnOnce() -> R) -> R {
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
        // The unwinder still runs on this stack or on a further one: the next callback that comes from the host ends the activation (arrive.rs).
        if switch::CLEANS_UP_ON_TOP && !self.0.host_sp.is_host(switch::stack_pointer()) {
            return self.0.host_sp.note_unwound();
        }
        end(self.0);
    }
}

/// Ends an activation: its body has returned or unwound, and SP is on another stack.
#[inline(always)]
pub(crate) fn end(header: &'static Header) {
    checker::end(header);
    Depth::end(header);
    if header.is_extra.load(Relaxed) { arrive::leave(header) } else { header.set_idle() }
}

/// Calls a body with a large result on the stack of `header`.
///
/// The result is written at the top of that stack and moved from there, so that it takes no room on the host.
#[inline(always)]
fn on_stack<R, F: FnOnce() -> R>(
    header: &'static Header,
    callback: &'static Callback,
    record: &mut MaybeUninit<Record>,
    call: F,
) -> R {
    let mut call = ManuallyDrop::new(call);
    let result = result_slot::<R>(header);
    checker::makes_room(result.addr(), size_of::<R>());
    let mut crossing = Crossing { call: &raw mut *call, result };
    // SAFETY: `crossing` lives in this frame and is of the types that `first` expects; the slot is aligned to 64. The result is read
    // while the stack is still this activation's.
    unsafe {
        let crossing = (&raw mut crossing).cast();
        let _activation = cross_over(header, callback, record, crossing, first::<R, F>(callback), result.cast());
        result.read()
    }
}

/// Changes to the stack of `header`, calls `first` there, and comes back. The stack stays taken until the result is dropped.
///
/// # Safety
/// `crossing` is what `first` expects; `top` lies in the stack, aligned to 16.
#[inline(always)]
unsafe fn cross_over(
    header: &'static Header,
    callback: &'static Callback,
    record: &mut MaybeUninit<Record>,
    crossing: *mut u8,
    first: First,
    top: *mut u8,
) -> Activation {
    let record = record.write(Record { header });
    header.begin(callback, ptr::from_mut(record).expose_provenance());
    let activation = Activation(header);
    checker::begin(header, switch::stack_pointer());
    Depth::begin(header, callback);
    // SAFETY: the stack is idle and held by this thread, or was handed to this arrival alone, so nobody uses it until the
    // activation ends; the rest is the caller's promise.
    unsafe { switch::call_on_stack(crossing, first, top, header.host_sp.as_ptr()) };
    checker::returned(header);
    activation
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
    let header = thread::system_stack(switch::stack_pointer());
    match header.and_then(|header| Some((header, header.left_host_at()?))) {
        Some((header, host_sp)) => on_host_of(header, host_sp, call),
        None => call(),
    }
}

fn on_host_of<R, F: FnOnce() -> R>(header: &'static Header, host_sp: usize, call: F) -> R {
    let _visit = Visit::new(header);
    let mut call = ManuallyDrop::new(call);
    let mut result = MaybeUninit::<R>::uninit();
    let mut crossing = Crossing { call: &raw mut *call, result: result.as_mut_ptr() };
    let top = ptr::with_exposed_provenance_mut(host_sp & !63);
    let left_at = switch::LeftAt::leaving_for(header.host_sp.host());
    // SAFETY: below the SP at which the activation left its host nothing lives, as the host waits for the body that this is a
    // part of; `crossing` lives in this frame until the call has returned.
    unsafe { switch::call_on_stack((&raw mut crossing).cast(), cross::<R, F>, top, left_at.as_ptr()) };
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

/// As [`cross`], for ABIs that nothing unwinds out of: a panic aborts here, where there is room for the message.
///
/// # Safety
/// As for `cross`.
unsafe extern "C" fn cross_and_stop<R, F: FnOnce() -> R>(argument: *mut u8) {
    // SAFETY: passed on.
    unsafe { cross::<R, F>(argument) };
}

/// As [`cross`], for a body with a fallback.
///
/// # Safety
/// As for `cross`, with [`Told`] as the call.
unsafe extern "C-unwind" fn cross_and_tell<R, F: FnOnce(bool) -> R>(argument: *mut u8) {
    // SAFETY: see above; the closure is moved out once and not dropped by the host.
    unsafe {
        let crossing = argument.cast::<Crossing<Told<F>, R>>();
        (*(*crossing).call).has_run = true;
        let Told { call, .. } = (*crossing).call.read();
        (*crossing).result.write(ManuallyDrop::into_inner(call)(true));
    }
}

/// The first function of a body, which takes a [`Crossing`].
type First = unsafe extern "C-unwind" fn(*mut u8);

#[inline(always)]
fn first<R, F: FnOnce() -> R>(callback: &'static Callback) -> First {
    if callback.unwinds {
        return cross::<R, F>;
    }
    // SAFETY: the two types differ only in what may unwind out of the function, and out of this one nothing does.
    unsafe { core::mem::transmute::<unsafe extern "C" fn(*mut u8), First>(cross_and_stop::<R, F>) }
}

/// A place for the result just below the header, aligned for it and for the first frame.
#[inline(always)]
fn result_slot<R>(header: &Header) -> *mut R {
    let top = header.top();
    let align = if align_of::<R>() > 64 { align_of::<R>() } else { 64 };
    top.map_addr(|top| (top - size_of::<R>()) & !(align - 1)).cast()
}
