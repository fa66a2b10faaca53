//! The way of a callback, from C to the body and back.
//!
//! 1. C calls the shim, which the attribute made (macros/src/expand/): a call of a function in
//!    entry.rs, one for each number of arguments. Where the target has a fast path (fast/), that
//!    decides steps 2 and 3 in a few instructions, with the arguments where C has put them, and
//!    jumps to the body, or calls it on another stack. What it leaves over goes on here:
//!    [`guarded`].
//! 2. [`stays`] looks at SP, in the shim already where that is compiled. On the thread stack with
//!    room for the reserve, or on the stack that the thread used last, its *home*: the body runs in
//!    place.
//! 3. [`take_home`]: on the thread stack without room (or with `switch = always`), and the home is
//!    idle. The record of the activation is written into this frame, and the stack is taken.
//! 4. Another idle stack of the thread, or another place with room: [`slow_path::known`]. All else
//!    is decided by [`slow_path::slow`], on a scratch stack with signals blocked. It finds a stack
//!    or refuses.
//! 5. [`cross`] changes stacks with `call_on_stack` (switch/). The body runs and writes its result:
//!    a small one into this frame, a large one on the system stack.
//! 6. Back on the calling stack, [`finish`] makes the stack idle, also when a panic or an exception
//!    unwinds across.
//!
//! A longjmp skips step 6. The stack then stays in use, so that the next callback takes another
//! one; the slow path finds the proof that the activation is dead (liveness.rs).

use core::hint::black_box;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use crate::callback::{Mode, Needs};
use crate::diagnostics::callback_stats;
use crate::locate::locate;
use crate::slow_path::{self, Entry};
use crate::stack::{Header, Record};
use crate::switch::{self, SwitchRecord};
use crate::thread::{self, Thread, tls};
use crate::{checkers, fast, lenders, liveness};

/// Results up to this size are written into the frame of the call; larger ones are read from the
/// body's stack.
pub(crate) const SMALL_RESULT_BYTES: usize = 64;

/// Idle stacks of a thread that keep their memory.
const WARM_STACKS: usize = 64;

/// The first function of a body, which takes a [`Crossing`].
type First = unsafe extern "C-unwind" fn(*mut u8);

/// Runs `call` as the body of a callback, on a stack with room. Aborts the process where there is
/// none. `UNWINDS`: whether panics and exceptions may leave it. `LOOKS`: whether the usual answers
/// are to be looked at, which the fast path has done where it knows the thread's words.
#[inline(always)]
pub fn guarded<const UNWINDS: bool, const LOOKS: bool, R, F: FnOnce() -> R>(
    needs: &Needs,
    call: F,
) -> R {
    guarded_with::<UNWINDS, LOOKS, R, F>(needs, call, |_| no_fallback())
}

/// As [`guarded`]; where no stack can be had, `refused` gives the result.
#[inline(always)]
pub fn guarded_or<const UNWINDS: bool, const LOOKS: bool, R, F: FnOnce() -> R>(
    needs: &Needs,
    call: F,
    refused: impl FnOnce() -> R,
) -> R {
    guarded_with::<UNWINDS, LOOKS, R, F>(needs, call, |call| {
        refuse(move || {
            drop(call);
            refused()
        })
    })
}

/// What both have in common: with a small result in the frame of the caller.
#[inline(always)]
fn guarded_with<const UNWINDS: bool, const LOOKS: bool, R, F: FnOnce() -> R>(
    needs: &Needs,
    call: F,
    refused: impl FnOnce(F) -> R,
) -> R {
    if const { size_of::<R>() > SMALL_RESULT_BYTES } {
        return with_large_result::<UNWINDS, LOOKS, R, F>(needs, call, refused);
    }
    let mut result = MaybeUninit::uninit();
    let mut crossing = Crossing { call: ManuallyDrop::new(call), result: result.as_mut_ptr() };
    let argument = (&raw mut crossing).cast();
    // SAFETY: `crossing` lives in this frame until `run` returns, and is of the types that `first`
    // expects.
    if unsafe { run_for::<UNWINDS, LOOKS>(needs, argument, first::<UNWINDS, R, F>()) } {
        // SAFETY: the body has run, and has written its result.
        return unsafe { result.assume_init() };
    }
    refused(ManuallyDrop::into_inner(crossing.call))
}

/// A large result goes from where it was made to where the caller wants it, and nowhere in between.
///
/// Never inlined: the caller may be a function that nothing may unwind out of, in which cleanup
/// would end a forced unwinding (pthread_exit).
#[inline(never)]
fn with_large_result<const UNWINDS: bool, const LOOKS: bool, R, F: FnOnce() -> R>(
    needs: &Needs,
    call: F,
    refused: impl FnOnce(F) -> R,
) -> R {
    let mut record = MaybeUninit::uninit();
    match enter::<LOOKS>(needs, &mut record) {
        Entry::OnStack(header) => on_stack::<UNWINDS, R, F>(header, needs, call),
        // Hidden from the compiler, as in `call_here`.
        Entry::InPlace => black_box(in_place::<R, F> as fn(F) -> R)(call),
        Entry::Refused => refused(call),
    }
}

/// Never inlined: the fallback's own frame is there only when it runs.
#[cold]
#[inline(never)]
fn refuse<R>(refused: impl FnOnce() -> R) -> R {
    refused()
}

/// A refusal without a fallback does not return. Of a function with this ABI callers know that
/// nothing unwinds out of it.
#[cold]
pub extern "C" fn no_fallback() -> ! {
    std::process::abort()
}

/// Runs a body with a large result on the stack of `header`, which it has.
#[inline(always)]
fn on_stack<const UNWINDS: bool, R, F: FnOnce() -> R>(
    header: &'static Header,
    needs: &Needs,
    call: F,
) -> R {
    let result = result_slot::<R>(header);
    checkers::makes_room(result.addr(), size_of::<R>());
    let mut crossing = Crossing { call: ManuallyDrop::new(call), result };
    let argument = (&raw mut crossing).cast();
    let first = first::<UNWINDS, R, F>();
    // SAFETY: `crossing` lives in this frame until the body has ended, and is of the types that
    // `first` expects; the slot is aligned to 64. The result is read while the stack is still this
    // activation's.
    unsafe {
        let _activation = cross(header, false, needs, argument, first, result.cast());
        result.read()
    }
}

/// Calls [`run`]; where nothing may unwind out of the shim, as a function that nothing unwinds out
/// of. Otherwise the shim would have a table for unwinders. It would not list the calls of which
/// the compiler knows that nothing unwinds out of them, and a forced unwinding (pthread_exit) that
/// came through one of those would end the process.
///
/// # Safety
/// As for `run`.
#[inline(always)]
unsafe fn run_for<const UNWINDS: bool, const LOOKS: bool>(
    needs: &Needs,
    argument: *mut u8,
    first: First,
) -> bool {
    type Runs = unsafe extern "C-unwind" fn(&Needs, *mut u8, First) -> bool;
    if UNWINDS {
        // SAFETY: passed on.
        return unsafe { run::<LOOKS>(needs, argument, first) };
    }
    // SAFETY: the two types differ only in what may unwind out of the function: here nothing but a
    // forced unwinding, as `first` stops all else. The rest is passed on.
    unsafe {
        core::mem::transmute::<Runs, unsafe extern "C" fn(&Needs, *mut u8, First) -> bool>(
            run::<LOOKS>,
        )(needs, argument, first)
    }
}

/// The part of a call that is the same for all: runs `first` with `argument` where there is room.
/// False when the callback was refused, which one without a fallback does not live to see.
///
/// # Safety
/// `argument` is what `first` expects and stays valid until this returns.
#[inline(never)]
unsafe extern "C-unwind" fn run<const LOOKS: bool>(
    needs: &Needs,
    argument: *mut u8,
    first: First,
) -> bool {
    let mut record = MaybeUninit::uninit();
    // Apart from all else, so that it saves few registers. Not on Windows: on i686 Microsoft's
    // unwinder leaves this without cleanup (`frame_of_the_caller_handles_a_fault_of_the_body`).
    if LOOKS && !cfg!(windows) {
        let record = record.as_mut_ptr();
        let Some(home) = tls::words().and_then(|words| take_home(words, needs, record)) else {
            // SAFETY: passed on.
            return unsafe { run::<false>(needs, argument, first) };
        };
        // SAFETY: passed on; the first frame ends at the header, which is aligned to 64.
        unsafe { drop(cross(home, true, needs, argument, first, home.top())) };
        return true;
    }
    match enter::<LOOKS>(needs, &mut record) {
        // SAFETY: passed on; the first frame ends at the header, which is aligned to 64.
        Entry::OnStack(header) => unsafe {
            drop(cross(header, false, needs, argument, first, header.top()));
        },
        // SAFETY: passed on.
        Entry::InPlace => unsafe { call_here(first, argument) },
        Entry::Refused => return false,
    }
    true
}

/// Calls `first(argument)` in a function that has cleanup for other calls, and so a table for
/// unwinders. A call that it does not list ends the process at a forced unwinding (pthread_exit).
/// So `first` is hidden from the compiler, which leaves out those of which it knows that nothing
/// unwinds out of them. Where panics abort there is no cleanup, and any call that is listed ends
/// the process: there nothing unwinds out of this one.
///
/// # Safety
/// `argument` is what `first` expects.
#[inline(always)]
unsafe fn call_here(first: First, argument: *mut u8) {
    // SAFETY: the types differ only in what may unwind out of the function; the rest is passed on.
    unsafe {
        if cfg!(panic = "abort") {
            core::mem::transmute::<First, unsafe extern "C" fn(*mut u8)>(first)(argument);
        } else {
            black_box(first)(argument);
        }
    }
}

/// Decides where the body runs. `record` lies in the frame of the caller. What is called for that
/// is left again before the next is asked, so that little of the calling stack is used at a time.
#[inline(always)]
fn enter<const LOOKS: bool>(needs: &Needs, record: &mut MaybeUninit<Record>) -> Entry {
    let record = record.as_mut_ptr();
    let entry = if LOOKS {
        quick(needs, record)
    } else if fast::has_looked() {
        None
    } else {
        quick_after_all(needs, record)
    };
    let sp = switch::stack_pointer();
    let known = entry.or_else(|| slow_path::known(needs, sp, record));
    // Looked at first: a stack is what most of what comes here gets.
    if let Some(entry @ Entry::OnStack(_)) = known {
        return entry;
    }
    let entry = known.unwrap_or_else(|| slow_path::slow(needs, sp, record));
    if let Entry::InPlace = entry {
        callback_stats::in_place(needs.callback);
    }
    entry
}

/// The usual answers.
#[inline(always)]
fn quick(needs: &Needs, record: *mut Record) -> Option<Entry> {
    let words = tls::words()?;
    if stays(words, needs, switch::stack_pointer()) {
        return Some(Entry::InPlace);
    }
    take_home(words, needs, record).map(Entry::OnStack)
}

/// The same for what the fast path has handed on without a look. Never inlined: nobody else is to
/// have its frame.
#[cold]
#[inline(never)]
fn quick_after_all(needs: &Needs, record: *mut Record) -> Option<Entry> {
    quick(needs, record)
}

/// Whether the body stays where SP is: on the thread stack, with room, and not for the first time;
/// or on the home.
#[inline(always)]
fn stays(words: &tls::Words, needs: &Needs, sp: usize) -> bool {
    let may_stay_on_thread = !matches!(needs.callback.mode, Mode::Always);
    may_stay_on_thread && words.stays_on_thread(sp, needs.bytes) || {
        // SAFETY: never null, and headers stay.
        let home: &'static Header = unsafe { &*words.home() };
        home.contains(sp) && sp - home.low >= needs.bytes
    }
}

/// Takes the home, for a callback on the thread stack that does not stay there.
#[inline(always)]
fn take_home(words: &tls::Words, needs: &Needs, record: *mut Record) -> Option<&'static Header> {
    let room = words.room_on_thread(switch::stack_pointer())?;
    let leaves = room < needs.leaves_below;
    // SAFETY: never null, and headers stay.
    let home: &'static Header = unsafe { &*words.home() };
    let takes = leaves && home.room_bytes >= needs.bytes && home.claim(needs.callback, record);
    takes.then_some(home)
}

/// Whether the body stays where SP is, as far as the shim tells by itself. The fast path looks at
/// the home.
#[inline(always)]
#[must_use]
pub fn may_stay(needs: &Needs) -> bool {
    stays_at_once(needs, tls::near_words, !fast::EXISTS)
}

/// As [`may_stay`], for what the fast path has handed on without a look.
#[allow(dead_code, reason = "for targets with a fast path")]
#[inline(always)]
#[must_use]
pub fn may_stay_after_all(needs: &Needs) -> bool {
    #[cold]
    #[inline(never)]
    fn look(needs: &Needs) -> bool {
        stays_at_once(needs, tls::words, false)
    }
    !fast::has_looked() && look(needs)
}

/// Runs `call` where SP is, if it may stay there, and `otherwise` with it if not.
///
/// Never inlined: in a function that nothing may unwind out of, the call in `otherwise` makes a
/// table for unwinders. That does not list the one in place where the compiler knows that nothing
/// unwinds out of it, which ends the process at a forced unwinding (pthread_exit).
#[inline(never)]
pub fn in_place_or<R, F: FnOnce() -> R>(
    needs: &Needs,
    call: F,
    otherwise: impl FnOnce(F) -> R,
) -> R {
    if stays_at_once(needs, tls::words, true) { in_place(call) } else { otherwise(call) }
}

#[inline(always)]
fn stays_at_once(
    needs: &Needs,
    words: impl FnOnce() -> Option<&'static tls::Words>,
    looks_at_home: bool,
) -> bool {
    // With `stats` it is counted.
    if cfg!(any(feature = "stats", feature = "asan")) {
        return false;
    }
    if looks_at_home {
        return words().is_some_and(|words| stays(words, needs, switch::stack_pointer()));
    }
    !matches!(needs.callback.mode, Mode::Always)
        && words().is_some_and(|words| words.stays_on_thread(switch::stack_pointer(), needs.bytes))
}

/// Calls the body where SP is. Never inlined: the frame of the shim must not grow with the body's.
#[inline(never)]
fn in_place<R, F: FnOnce() -> R>(call: F) -> R {
    call()
}

/// An activation on a system stack; dropped, it has ended.
struct Activation {
    header: &'static Header,
    /// It was the home, and SP on the thread stack.
    is_home: bool,
}

impl Drop for Activation {
    #[inline(always)]
    fn drop(&mut self) {
        // Microsoft's unwinder runs this on top of the stack that it leaves, and stays there until
        // it has reached its target. The thread's next callback ends the activation (liveness.rs).
        if !self.header.switch.os.is_unwound() {
            finish(self.header, self.is_home);
        }
    }
}

/// Changes to the stack of `header`, calls `first` there, and comes back. The stack stays taken
/// until the result is dropped.
///
/// # Safety
/// `argument` is what `first` expects; `top` lies on the stack, aligned to 16.
#[inline(always)]
unsafe fn cross(
    header: &'static Header,
    is_home: bool,
    needs: &Needs,
    argument: *mut u8,
    first: First,
    top: *mut u8,
) -> Activation {
    let activation = Activation { header, is_home };
    checkers::begin(&header.notes, header.low, header.room_bytes, || {
        let thread = thread::current();
        locate(thread, switch::stack_pointer()).bounds(thread)
    });
    header.begin_body(needs.callback);
    // SAFETY: the stack is this activation's, so nobody else uses it until it ends; the rest is the
    // caller's promise.
    unsafe {
        if is_home || header.lent_bytes.load(Relaxed) == 0 {
            switch::call_on_stack(argument, first, top, &header.switch);
        } else {
            call_with_lent(header, argument, first, top);
        }
    }
    checkers::returned(&header.notes);
    activation
}

/// As `call_on_stack`, while the thread has another alternate signal stack: signals are let through
/// once SP is on the body's stack, and wait again from before it leaves.
///
/// # Safety
/// As for [`cross`].
#[cold]
#[inline(never)]
unsafe fn call_with_lent(header: &'static Header, argument: *mut u8, first: First, top: *mut u8) {
    let call = move || {
        // SAFETY: the stack has lent one, or `cross` would not have come here.
        let _unblocked = unsafe { lenders::Unblocked::on(header) };
        // SAFETY: passed on.
        unsafe { first(argument) };
    };
    // SAFETY: passed on.
    unsafe { call_on(call, top, &header.switch) };
}

/// Ends an activation, back on the calling stack. The home needs no list: whoever takes it sees
/// that it is idle. This may be another thread by now, so no thread-local is used here.
#[inline(always)]
fn finish(header: &'static Header, is_home: bool) {
    checkers::end(&header.notes);
    header.end_body();
    if is_home {
        header.set_idle();
    } else {
        finish_elsewhere(header);
    }
}

/// The same for a stack that was perhaps not the home, or that has lent a signal stack. Never
/// inlined: the caller may remember where the thread-locals of another thread are.
#[inline(never)]
fn finish_elsewhere(header: &'static Header) {
    let is_home = |words: &tls::Words| ptr::eq(words.home(), header);
    if header.lent_bytes.load(Relaxed) == 0 && tls::words().is_some_and(is_home) {
        header.set_idle();
    } else {
        give_back(header);
    }
}

/// The same for a stack that is not the home, as far as the fast path knows.
#[inline(never)]
fn give_back(header: &'static Header) {
    if header.lent_bytes.load(Relaxed) != 0 {
        // SAFETY: it has lent one, and SP is back on the calling stack.
        unsafe { lenders::take_back_signal_stack(header) };
    }
    // On another thread than the owner's (a coroutine was moved) the owner is told.
    let Some(thread) = thread::current().filter(|thread| thread.holds(header)) else {
        Thread::return_to_owner(header);
        // SAFETY: its activation has ended, and SP is back on the calling stack.
        return unsafe { liveness::end_orphan(header) };
    };
    let home = thread.home();
    let is_home = ptr::eq(home, header);
    let is_next_home = !home.is_idle() && home.room_bytes <= header.room_bytes;
    // Before it is idle: from then on a handler may take it.
    if !is_home && !is_next_home && thread.idle_count() >= WARM_STACKS {
        // SAFETY: the activation has ended but for its note, and SP is not on the stack.
        unsafe { header.shrink(0) };
    }
    header.set_idle();
    // A handler may have carried the caller to another thread, or this may have ended.
    if is_home || !thread.holds(header) {
        return;
    }
    if is_next_home {
        thread.set_home(header);
    } else {
        thread.push_idle(header);
    }
}

/// What travels with the switch.
struct Crossing<F, R> {
    call: ManuallyDrop<F>,
    result: *mut R,
}

/// The first frame on the other stack.
///
/// # Safety
/// `argument` points to a [`Crossing`] whose `call` was not called yet and whose `result` can be
/// written.
unsafe extern "C-unwind" fn run_body<R, F: FnOnce() -> R>(argument: *mut u8) {
    // SAFETY: see above; the closure is moved out once, and not dropped on the calling stack.
    unsafe {
        let crossing = argument.cast::<Crossing<F, R>>();
        let call = ManuallyDrop::take(&mut (*crossing).call);
        (*crossing).result.write(call());
    }
}

/// Runs `call` with a first frame that ends at `top`, on another stack.
///
/// # Safety
/// As for [`switch::call_on_stack`], with a function that calls `call`.
pub(crate) unsafe fn call_on<R, F: FnOnce() -> R>(
    call: F,
    top: *mut u8,
    record: &SwitchRecord,
) -> R {
    let mut result = MaybeUninit::uninit();
    let mut crossing = Crossing { call: ManuallyDrop::new(call), result: result.as_mut_ptr() };
    // SAFETY: `crossing` lives in this frame until the call has returned, which has written the
    // result then; the rest is the caller's promise.
    unsafe {
        switch::call_on_stack((&raw mut crossing).cast(), run_body::<R, F>, top, record);
        result.assume_init()
    }
}

/// As [`run_body`], for ABIs that nothing unwinds out of: a panic aborts here, where there is room
/// for the message.
///
/// # Safety
/// As for `run_body`.
unsafe extern "C" fn run_body_and_stop<R, F: FnOnce() -> R>(argument: *mut u8) {
    // SAFETY: passed on.
    unsafe { run_body::<R, F>(argument) };
}

#[inline(always)]
fn first<const UNWINDS: bool, R, F: FnOnce() -> R>() -> First {
    if UNWINDS {
        return run_body::<R, F>;
    }
    // SAFETY: the two types differ only in what may unwind out of the function, and out of this one
    // nothing does but a forced unwinding, which passes either.
    unsafe {
        core::mem::transmute::<unsafe extern "C" fn(*mut u8), First>(run_body_and_stop::<R, F>)
    }
}

/// A place for the result below the header, aligned for it and for the first frame.
#[inline(always)]
fn result_slot<R>(header: &Header) -> *mut R {
    let align = if align_of::<R>() > 64 { align_of::<R>() } else { 64 };
    header.top().map_addr(|top| (top - size_of::<R>()) & !(align - 1)).cast()
}
