//! The cold path of an arrival: first use on a thread, a full or busy system stack, a foreign stack.
//!
//! It may itself have only some hundred bytes of the host left. So the first thing it does is to take a stack, and it thinks
//! on that one, the landing; mostly the body then runs there.

use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::callback::{Callback, Mode};
use crate::enter::Entry;
use crate::reclaim::{self, Place};
use crate::report::counters;
use crate::report::refusal::{self, Cause};
use crate::report::tally;
use crate::stack::{self, Header, Record, memory};
use crate::switch::{LeftAt, Told};
use crate::thread::signal_stack::{self, Blocked};
use crate::thread::{self, Mark, Thread};
use crate::{errno, guard, settings, switch};

/// Where there is no other stack to be had, or no way to change to it, every body runs in place.
const CAN_SWITCH: bool = switch::SUPPORTED && memory::SUPPORTED;

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

/// What is decided of an arrival.
struct Decision<'a> {
    arrival: &'a Arrival,
    landing: Result<&'static Header, i32>,
    /// What the system was told of the stack that the arrival came from.
    told: Told,
    /// A signal handler that has interrupted the cold path: what the thread holds is not touched.
    is_alone: bool,
    entry: Entry,
}

/// Decides where a body runs that does not simply run where it is or on the one stack that is idle.
#[cold]
#[inline(never)]
pub(crate) fn arrive(arrival: &Arrival) -> Entry {
    // SAFETY: the state of the calling thread lives as long as the thread; nothing here leaves the thread.
    let thread = unsafe { &*thread::current() };
    if thread.signal_stack_at(arrival.sp).is_some() {
        arrive_from_handler(thread, arrival)
    } else {
        arrive_anywhere(thread, arrival)
    }
}

/// As [`arrive`], from what was the alternate signal stack when it was asked for.
#[inline(never)]
fn arrive_from_handler(thread: &Thread, arrival: &Arrival) -> Entry {
    let blocked = Blocked::all();
    let errno = errno::get();
    thread.find_signal_stack();
    errno::set(errno);
    let entry = arrive_anywhere(thread, arrival);
    blocked.release();
    entry
}

#[inline(always)]
fn arrive_anywhere(thread: &Thread, arrival: &Arrival) -> Entry {
    thread::settle(arrival.sp);
    if switch::CLEANS_UP_ON_TOP
        && thread.end_unwound(arrival.sp)
        && let Some(header) = warm_again(thread, arrival)
    {
        return Entry::OnStack(header);
    }
    let errno = errno::get();
    let mark = Mark::new();
    let is_alone = !thread.begin_cold(&mark, arrival.record);
    let is_simple = !is_alone && thread.signal_stack_at(arrival.sp).is_none();
    let among_held = if is_simple { among_held(thread, arrival) } else { None };
    let entry = among_held.unwrap_or_else(|| by_landing(thread, arrival, is_alone));
    if !is_alone {
        thread.end_cold();
    }
    errno::set(errno);
    entry
}

/// The stack that the warm path would have taken if the last activation on it had been ended before.
fn warm_again(thread: &Thread, arrival: &Arrival) -> Option<&'static Header> {
    // SAFETY: NO_STACK, or a stack that this thread holds, which stays mapped meanwhile.
    let header: &'static Header = unsafe { &*thread.hot().stack_for(arrival.callback.mode) };
    let is_free = header.is_idle() && !header.contains(arrival.sp) && header.room_bytes >= arrival.needed;
    (is_free && !matches!(arrival.callback.mode, Mode::Never)).then_some(header)
}

/// The answer for a thread that holds several stacks, when it is simple: in place on one of them, or on the only idle one. It
/// spares a thread with suspended bodies the landing at each callback. A flat loop: little of the host may be left.
fn among_held(thread: &Thread, arrival: &Arrival) -> Option<Entry> {
    if !thread.holds_several() || thread.is_dying() || must_look_at_bounds(thread, arrival) {
        return None;
    }
    let mut answer = None;
    let mut idle = 0;
    for header in thread.held() {
        if header.contains(arrival.sp) {
            let has_room = arrival.sp - header.low >= arrival.needed;
            answer = has_room.then_some(Entry::InPlace);
            idle = 1;
            break;
        }
        if header.is_idle() {
            idle += 1;
            let fits = header.room_bytes >= arrival.needed && !matches!(arrival.callback.mode, Mode::Never);
            answer = fits.then_some(Entry::OnStack(header));
        }
    }
    let mut answer = answer.filter(|_| idle == 1);
    if let Some(Entry::OnStack(header)) = answer {
        // What was called from the idle stack is dead, and what was called from where the shim's frame is now. Nobody could tell once
        // there is another body.
        let frame = arrival.sp..arrival.record + size_of::<Record>();
        let is_dead = |host: usize| header.contains(host) || frame.contains(&host);
        if thread.held().any(|held| held.host_record().is_some_and(is_dead)) {
            answer = None;
        } else {
            claim(header, arrival);
        }
    }
    answer
}

/// Takes a stack as the landing and decides there.
///
/// The landing is held and claimed like the stack of a body, so that it is found again when a signal handler jumps out of here.
///
/// A part of its only caller's frame: a frame of its own takes 64 bytes more of the host (x86_64, release).
#[inline(always)]
fn by_landing(thread: &Thread, arrival: &Arrival, is_alone: bool) -> Entry {
    // SAFETY: a stack that was taken stays mapped until it is put back.
    let landing = stack::take(arrival.needed).map(|header| unsafe { header.as_ref() });
    if let Ok(landing) = landing {
        claim(landing, arrival);
        landing.is_alone.set(is_alone);
        thread.hold(landing);
    }
    let mut decision = Decision { arrival, landing, told: Told::now(), is_alone, entry: Entry::Refused };
    land(&mut decision);
    if let Ok(landing) = landing
        && !matches!(decision.entry, Entry::OnStack(header) if ptr::eq(header, landing))
    {
        // SAFETY: the decision has returned and did not hand the stack out.
        unsafe { thread.release(landing) };
    }
    decision.entry
}

/// Whether the cold path has to look at the bounds of the thread stack or of registered ones, as the warm path does not.
fn must_look_at_bounds(thread: &Thread, arrival: &Arrival) -> bool {
    !matches!(arrival.callback.mode, Mode::Always) && thread.hot().room_bytes.get() == 0
}

/// Calls [`decide`] on the landing; without one on the emergency stack, or in place when even that is in use.
fn land(decision: &mut Decision<'_>) {
    let argument = ptr::from_mut(decision).cast();
    match decision.landing {
        Ok(landing) => {
            let left_at = LeftAt::leaving_for(&landing.told);
            // SAFETY: the landing is this arrival's alone, with room for at least the reserve below its header.
            unsafe { switch::call_on_stack(argument, decide_on_landing, landing.top(), left_at.as_ptr()) }
        }
        Err(_) => Emergency::call(argument, decide_on_landing),
    }
}

/// # Safety
/// `argument` points to a [`Decision`] that nobody else uses.
unsafe extern "C-unwind" fn decide_on_landing(argument: *mut u8) {
    // SAFETY: see above.
    let decision = unsafe { &mut *argument.cast::<Decision<'_>>() };
    settings::freeze();
    counters::cold();
    // SAFETY: the state of the calling thread lives as long as the thread; nothing here leaves the thread.
    let thread = unsafe { &*thread::current() };
    let entry = if decision.is_alone { decide_alone(thread, decision) } else { decide(thread, decision) };
    decision.entry = entry.unwrap_or_else(|cause| refuse(thread, decision.arrival, cause));
}

/// The usual case: what the thread knows and holds may be changed.
fn decide(thread: &Thread, decision: &Decision<'_>) -> Result<Entry, Cause> {
    let (arrival, landing) = (decision.arrival, decision.landing);
    thread.prepare();
    if depends_on_bounds(thread, decision) {
        thread.find_bounds(arrival.sp, &decision.told);
    }
    let entry = decide_held(thread, arrival, landing);
    if entry.is_err() && !arrival.callback.has_fallback {
        // For the message.
        thread.find_bounds(arrival.sp, &decision.told);
    }
    entry
}

/// Whether it matters where the thread stack is: to callbacks that may stay on it, and to which activations are dead.
fn depends_on_bounds(thread: &Thread, decision: &Decision<'_>) -> bool {
    guard::KNOWN_ON_ARRIVAL_ONLY
        || !matches!(decision.arrival.callback.mode, Mode::Always)
        || thread.held().nth(usize::from(decision.landing.is_ok())).is_some()
}

/// What is found belongs to the thread from now on.
fn decide_held(thread: &Thread, arrival: &Arrival, landing: Result<&'static Header, i32>) -> Result<Entry, Cause> {
    reclaim::abandoned(thread, arrival, landing.ok());
    stack::orphans::collect();
    let place = place_anew(thread, arrival.sp);
    if let Some(entry) = without_switch(arrival, place)? {
        return Ok(entry);
    }
    let header = match idle_stack(thread, arrival.needed) {
        Some(header) => header,
        None => another_stack(thread, arrival, landing)?,
    };
    claim(header, arrival);
    let is_extra = match place {
        Place::System(_) => !thread.is_first(header),
        Place::Signal(_) => {
            header.disarmed.disarm();
            true
        }
        _ => false,
    };
    header.is_extra.store(is_extra || thread.is_dying(), Ordering::Relaxed);
    if thread.is_dying() {
        // Should the activation never end, the stack is given back in the next round of destructors.
        thread::exit::watch();
    }
    give_back_idle(thread);
    Ok(Entry::OnStack(header))
}

/// As [`reclaim::place`]; an unknown stack may be an alternate signal stack that the thread was given since it was last asked.
fn place_anew(thread: &Thread, sp: usize) -> Place {
    let place = reclaim::place(thread, sp);
    // Where the thread's own stack is not asked for, every arrival from there would be asked about.
    let may_be_signal_stack = matches!(place, Place::Foreign) && thread.thread_stack().is_some();
    if may_be_signal_stack && signal_stack::bounds_at(sp).is_some() {
        thread.find_signal_stack();
        return reclaim::place(thread, sp);
    }
    place
}

/// Notes the activation before the switch: from here on the stack counts as in use, also for a signal handler.
fn claim(header: &'static Header, arrival: &Arrival) {
    // SAFETY: the address of the record's place in the frame of the shim, which waits for this decision.
    unsafe { ptr::with_exposed_provenance_mut::<Record>(arrival.record).write(Record { header }) };
    header.begin(arrival.callback, arrival.record);
}

/// Gives back what the thread has held for activations that have ended elsewhere (in a coroutine), except for its first stack.
fn give_back_idle(thread: &Thread) {
    while let Some(header) = thread.held().find(|header| header.is_idle() && !thread.is_first(header)) {
        header.shrink_at_times();
        // SAFETY: no activation lives on it, and SP is on the landing or the host.
        unsafe { thread.release(header) };
    }
}

/// A signal handler that has interrupted the cold path: the body gets the landing, and no other stack is touched.
fn decide_alone(thread: &Thread, decision: &Decision<'_>) -> Result<Entry, Cause> {
    let arrival = decision.arrival;
    if let Some(entry) = without_switch(arrival, reclaim::place(thread, arrival.sp))? {
        return Ok(entry);
    }
    let header = decision.landing.map_err(Cause::Mapping)?;
    if thread.signal_stack_at(arrival.sp).is_some() {
        header.disarmed.disarm();
    }
    header.is_extra.store(true, Ordering::Relaxed);
    Ok(Entry::OnStack(header))
}

/// The answer where no switch is needed, possible or allowed.
fn without_switch(arrival: &Arrival, place: Place) -> Result<Option<Entry>, Cause> {
    let mode = match arrival.callback.mode {
        Mode::Default if settings::switch_by_default() => Mode::Always,
        Mode::Default => Mode::WhenLow,
        mode => mode,
    };
    let has_room = place.room_bytes(arrival.sp).is_some_and(|room| room >= arrival.needed);
    let may_stay = mode != Mode::Always || matches!(place, Place::System(_));
    if has_room && may_stay {
        return Ok(Some(Entry::InPlace));
    }
    match mode {
        Mode::Never => Err(Cause::NeverSwitches),
        _ if !CAN_SWITCH => Ok(Some(Entry::InPlace)),
        _ => Ok(None),
    }
}

/// The idle stack that the thread has held longest.
fn idle_stack(thread: &Thread, needed: usize) -> Option<&'static Header> {
    thread.held().filter(|header| header.is_idle() && header.room_bytes >= needed).last()
}

/// Keeps the landing, within the limit of what the thread may hold.
fn another_stack(
    thread: &Thread,
    arrival: &Arrival,
    landing: Result<&'static Header, i32>,
) -> Result<&'static Header, Cause> {
    let limit = settings::stacks_per_thread();
    let is_over_limit = || thread.held().count() > limit - usize::from(landing.is_err());
    if is_over_limit() {
        reclaim::doubtful(thread, arrival, landing.ok());
        if let Some(header) = idle_stack(thread, arrival.needed) {
            return Ok(header);
        }
    }
    if is_over_limit() {
        return Err(Cause::Limit(limit));
    }
    landing.map_err(Cause::Mapping)
}

fn refuse(thread: &Thread, arrival: &Arrival, cause: Cause) -> Entry {
    counters::refused();
    tally::refused(arrival.callback);
    if arrival.callback.has_fallback {
        return Entry::Refused;
    }
    let available = reclaim::place(thread, arrival.sp).room_bytes(arrival.sp);
    refusal::abort(arrival.callback, arrival.needed, available, cause)
}

/// The end of an activation that was called from the alternate signal stack, or whose stack is given back: nested in another stack, on an
/// ending thread, or alone.
#[cold]
#[inline(never)]
pub(crate) fn leave(header: &'static Header) {
    header.is_extra.store(false, Ordering::Relaxed);
    // SAFETY: as in `arrive`.
    let thread = unsafe { &*thread::current() };
    if header.disarmed.rearm() {
        thread.find_signal_stack();
    }
    let mark = Mark::new();
    // On another thread than the holder's (a coroutine was moved) the list is not ours to change, and in a handler that has
    // interrupted the cold path only what was added there: the stack stays where it is, idle.
    if !thread.holds(header) {
        return header.set_idle();
    }
    if thread.is_first(header) && !thread.is_dying() {
        return header.set_idle();
    }
    let is_alone = !thread.begin_cold(&mark, header.host_record().unwrap_or(0));
    if is_alone && !header.is_alone.get() {
        return header.set_idle();
    }
    reclaim::called_from(thread, header);
    header.shrink_at_times();
    // SAFETY: its activation has ended and SP is back on the host.
    unsafe { thread.release(header) };
    if !is_alone {
        thread.end_cold();
    }
}

/// Stacks in static memory, for the decision alone: used when nothing can be mapped.
#[repr(C, align(64))]
struct Emergency {
    memory: UnsafeCell<[u8; 32 * 1024]>,
    in_use: AtomicBool,
}

static EMERGENCY: [Emergency; 8] = [const { Emergency::new() }; 8];

// SAFETY: the memory is used only by the caller that has set `in_use`.
unsafe impl Sync for Emergency {}

impl Emergency {
    const fn new() -> Self {
        Self { memory: UnsafeCell::new([0; 32 * 1024]), in_use: AtomicBool::new(false) }
    }

    /// Waits for a free one: a decision is short. Not for ever: in the child of a fork the others that used them are gone.
    fn acquire() -> Option<&'static Self> {
        let mut attempt = 0;
        while memory::STATIC_MAY_BE_STACK && attempt < 10_000 * EMERGENCY.len() {
            let emergency = &EMERGENCY[attempt % EMERGENCY.len()];
            if !emergency.in_use.swap(true, Ordering::Acquire) {
                return Some(emergency);
            }
            attempt += 1;
            if attempt.is_multiple_of(EMERGENCY.len()) {
                std::thread::yield_now();
            }
        }
        None
    }

    fn call(argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8)) {
        let Some(emergency) = Self::acquire() else {
            // SAFETY: the caller passes a function with its own argument.
            return unsafe { function(argument) };
        };
        let memory = emergency.memory.get();
        let told = Told::of_memory(memory.addr(), size_of_val(&emergency.memory));
        let left_at = LeftAt::leaving_for(&raw const told);
        // SAFETY: the end of the memory is aligned to 64, and nobody else uses it until the flag is cleared.
        unsafe { switch::call_on_stack(argument, function, memory.add(1).cast(), left_at.as_ptr()) };
        emergency.in_use.store(false, Ordering::Release);
    }
}
