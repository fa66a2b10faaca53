//! The cold path of an arrival: first use on a thread, a full or busy system stack, a foreign stack.
//!
//! It may itself have only some hundred bytes of the host left. So the first thing it does is to take a stack, and it thinks
//! on that one, the landing; mostly the body then runs there.

use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, Ordering};

use crate::callback::{Callback, Mode};
use crate::enter::Entry;
use crate::reclaim::{self, Place};
use crate::report::counters;
use crate::report::refusal::{self, Cause};
use crate::stack::{self, Header, NO_STACK};
use crate::thread::{self, Thread};
use crate::{errno, settings, switch};

/// One callback that has arrived.
pub(crate) struct Arrival {
    pub(crate) callback: &'static Callback,
    /// Bytes that must be free: the reserve, the arguments and the result, our own frames.
    pub(crate) needed: usize,
    /// SP in the shim.
    pub(crate) sp: usize,
    /// Where the shim's frame keeps the record of an activation.
    pub(crate) record: usize,
}

/// The arrival on its way through the decision.
struct Visit<'a> {
    arrival: &'a Arrival,
    landing: Result<&'static Header, i32>,
    entry: Entry,
}

/// Decides where a body runs that does not simply run where it is or on the idle stack.
#[cold]
#[inline(never)]
pub(crate) fn arrive(arrival: &Arrival) -> Entry {
    let errno = errno::get();
    // SAFETY: a stack that was taken stays mapped until it is put back.
    let landing = stack::take(arrival.needed).map(|header| unsafe { header.as_ref() });
    let mut visit = Visit { arrival, landing, entry: Entry::Refused };
    land(&mut visit);
    if let Ok(landing) = visit.landing
        && !matches!(visit.entry, Entry::OnStack(header) if ptr::eq(header, landing))
    {
        // SAFETY: the decision has returned and did not hand the stack out.
        unsafe { stack::put(NonNull::from(landing)) };
    }
    errno::set(errno);
    visit.entry
}

/// Calls [`decide`] on the landing; without one on the emergency stack, or in place when even that is in use.
fn land(visit: &mut Visit<'_>) {
    let argument = ptr::from_mut(visit).cast();
    let mut left_at = 0;
    match visit.landing {
        // SAFETY: the landing is this arrival's alone, with room for at least the reserve below its header.
        Ok(landing) => unsafe { switch::call_on_stack(argument, decide_visit, landing.top(), &raw mut left_at) },
        Err(_) => EMERGENCY.call(argument, decide_visit),
    }
}

/// # Safety
/// `argument` points to a [`Visit`] that nobody else uses.
unsafe extern "C-unwind" fn decide_visit(argument: *mut u8) {
    // SAFETY: see above.
    let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
    settings::freeze();
    counters::cold();
    // SAFETY: the state of the calling thread lives as long as the thread; nothing here leaves the thread.
    let thread = unsafe { &*thread::current() };
    visit.entry = match decide(thread, visit.arrival, visit.landing) {
        Ok(entry) => entry,
        Err(cause) => refuse(thread, visit.arrival, cause),
    };
}

fn decide(thread: &Thread, arrival: &Arrival, landing: Result<&'static Header, i32>) -> Result<Entry, Cause> {
    if thread.is_dying() || !thread.begin_cold(arrival.sp) {
        return decide_alone(thread, arrival, landing);
    }
    thread.prepare(arrival.sp);
    let entry =
        if thread.is_dying() { decide_alone(thread, arrival, landing) } else { decide_held(thread, arrival, landing) };
    thread.end_cold();
    entry
}

/// The usual case: the stack that is found belongs to the thread from now on.
fn decide_held(thread: &Thread, arrival: &Arrival, landing: Result<&'static Header, i32>) -> Result<Entry, Cause> {
    reclaim::abandoned(thread, arrival);
    let place = reclaim::place(thread, arrival.sp);
    if let Some(entry) = without_switch(thread, arrival, place)? {
        return Ok(entry);
    }
    let header = match idle_stack(thread, arrival.needed) {
        Some(header) => header,
        None => another_stack(thread, arrival, landing)?,
    };
    header.outer.set(match place {
        Place::System(outer) => outer,
        Place::Thread(_) | Place::Registered(_) | Place::Foreign => ptr::null(),
    });
    // From here on the stack counts as in use, also for a signal handler that arrives before the switch.
    header.host.store(arrival.record, Ordering::Relaxed);
    thread.hot().stack.set(header);
    Ok(Entry::OnStack(header))
}

/// A thread that is ending, or a signal handler that has interrupted the cold path: the body gets the landing for
/// itself alone and the thread's list is not touched.
fn decide_alone(thread: &Thread, arrival: &Arrival, landing: Result<&'static Header, i32>) -> Result<Entry, Cause> {
    if let Some(entry) = without_switch(thread, arrival, reclaim::place(thread, arrival.sp))? {
        return Ok(entry);
    }
    let header = landing.map_err(Cause::Mapping)?;
    header.outer.set(&raw const NO_STACK);
    header.host.store(arrival.record, Ordering::Relaxed);
    Ok(Entry::OnStack(header))
}

/// The answer where no switch is needed, possible or allowed.
fn without_switch(thread: &Thread, arrival: &Arrival, place: Place) -> Result<Option<Entry>, Cause> {
    let mode = match arrival.callback.mode {
        Mode::Default if settings::switch_by_default() => Mode::Always,
        Mode::Default => Mode::WhenLow,
        mode => mode,
    };
    let has_room = place.room_bytes(arrival.sp).is_some_and(|room| room >= arrival.needed);
    let may_stay = mode != Mode::Always || matches!(place, Place::System(_));
    if has_room && may_stay {
        if let Place::System(header) = place {
            thread.hot().stack.set(header);
        }
        return Ok(Some(Entry::InPlace));
    }
    match mode {
        Mode::Never => Err(Cause::NeverSwitches),
        _ if !switch::SUPPORTED => Ok(Some(Entry::InPlace)),
        _ => Ok(None),
    }
}

fn idle_stack(thread: &Thread, needed: usize) -> Option<&'static Header> {
    thread.held().find(|header| header.is_idle() && header.room_bytes >= needed)
}

/// Adds the landing to what the thread holds, within its limit.
fn another_stack(
    thread: &Thread,
    arrival: &Arrival,
    landing: Result<&'static Header, i32>,
) -> Result<&'static Header, Cause> {
    let limit = settings::stacks_per_thread();
    if thread.held_count() >= limit.min(reclaim::DOUBTFUL_LIMIT) {
        reclaim::doubtful(thread, arrival);
        if let Some(header) = idle_stack(thread, arrival.needed) {
            return Ok(header);
        }
    }
    if thread.held_count() >= limit {
        return Err(Cause::Limit(limit));
    }
    let header = landing.map_err(Cause::Mapping)?;
    thread.hold(header);
    Ok(header)
}

fn refuse(thread: &Thread, arrival: &Arrival, cause: Cause) -> Entry {
    counters::refused();
    if arrival.callback.has_fallback {
        return Entry::Refused;
    }
    let available = reclaim::place(thread, arrival.sp).room_bytes(arrival.sp);
    refusal::abort(arrival.callback, arrival.needed, available, cause)
}

/// The end of an activation that the cold path began in a special way: nested in `outer`, or for itself alone.
#[cold]
#[inline(never)]
pub(crate) fn leave(header: &'static Header, outer: *const Header) {
    header.outer.set(ptr::null());
    if ptr::eq(outer, &raw const NO_STACK) {
        header.set_idle();
        // SAFETY: the stack was handed to this activation alone, which has ended, and SP is back on the host.
        unsafe { stack::put(NonNull::from(header)) };
        return;
    }
    // SAFETY: as in `decide_visit`.
    let thread = unsafe { &*thread::current() };
    // On another thread than the holder's (a coroutine was moved), and in a handler that has interrupted the cold
    // path, the list is not ours to change: the stack stays where it is, idle.
    if !thread.holds(header) || !thread.begin_cold(switch::stack_pointer()) {
        header.set_idle();
        return;
    }
    // SAFETY: its activation has ended and SP is back on the host.
    unsafe { thread.release(header) };
    thread.prefer(outer);
    thread.end_cold();
}

/// A stack in static memory, for the decision alone: used when nothing can be mapped.
#[repr(C, align(64))]
struct Emergency {
    memory: UnsafeCell<[u8; 32 * 1024]>,
    in_use: AtomicBool,
}

static EMERGENCY: Emergency = Emergency { memory: UnsafeCell::new([0; 32 * 1024]), in_use: AtomicBool::new(false) };

// SAFETY: the memory is used only by the caller that has set `in_use`.
unsafe impl Sync for Emergency {}

impl Emergency {
    fn call(&self, argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8)) {
        if self.in_use.swap(true, Ordering::Acquire) {
            // SAFETY: the caller passes a function with its own argument.
            return unsafe { function(argument) };
        }
        let mut left_at = 0;
        // SAFETY: the end of the memory is aligned to 64, and nobody else uses it until the flag is cleared.
        unsafe { switch::call_on_stack(argument, function, self.memory.get().add(1).cast(), &raw mut left_at) };
        self.in_use.store(false, Ordering::Release);
    }
}
