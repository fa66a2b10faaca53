//! Where a body runs that neither stays on the thread stack nor goes to the one stack that is idle.
//!
//! [`known`] answers what the thread knows already: another place with room, or another idle stack
//! of the thread. On a signal stack, or on one that nobody knows, it asks for the alternate signal
//! stack, and otherwise makes no system call. Everything else is [`slow`]: the first use on a
//! thread, stacks that nobody knows, the alternate signal stack, a further stack, a refusal.
//!
//! The calling stack may have only a few hundred bytes left, so the slow path first takes a stack,
//! usually the one that the body will run on, and decides there, on the scratch stack. Signals are
//! blocked meanwhile, but for those that the kernel raises for an instruction or a system call: so
//! nothing else interrupts this, and a thread is in here once at a time. A callback that a handler
//! of such a signal makes, or a hook of something that is called here, runs in place.

use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::Ordering::*;

use crate::callback::{Callback, Needs};
use crate::decision::{Verdict, decide};
use crate::diagnostics::refusal::{self, Cause};
use crate::diagnostics::{callback_stats, counters, overflow};
use crate::lenders::{is_lent, leave_handlers, lend_signal_stack};
use crate::locate::{Kind, Place, locate};
use crate::stack::{Header, Record, pool, table};
use crate::switch::{self, OsStack, SwitchRecord};
use crate::thread::signal_mask::Blocked;
use crate::thread::signal_stack;
use crate::thread::{self, Thread, tls};
use crate::{emergency, ending, errno, liveness, os_bounds, settings};

/// A callback that has arrived.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) needs: &'a Needs,
    /// SP in the shim, or in the function that it has called.
    pub(crate) sp: usize,
    /// The place for the record in the frame of the shim, above `sp`.
    pub(crate) record: *mut Record,
}

/// Where the body runs.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    InPlace,
    /// On this stack, which the activation has now.
    OnStack(&'static Header),
    /// Nowhere, and the callback has a fallback.
    Refused,
}

/// Decides where the body runs, where the thread knows all that it takes.
#[inline(never)]
pub(crate) fn known(needs: &Needs, sp: usize, record: *mut Record) -> Option<Entry> {
    let thread = thread::current()?;
    if OsStack::IS_TOLD && !thread.home().is_idle() {
        // Windows: after a longjmp the TEB may have to be put right.
        return None;
    }
    if thread.is_for_slow_path() {
        return None;
    }
    let place = locate(Some(thread), sp);
    if let Kind::Thread = place.kind
        && thread.has_lent()
    {
        return None;
    }
    // What is remembered of the alternate signal stack may be of the past.
    if let Kind::Foreign | Kind::Signal = place.kind
        && matches!(place.kind, Kind::Signal) != is_on_signal_stack(thread, sp)
    {
        return None;
    }
    let verdict = decide(needs.callback, needs.bytes, &place, sp).ok()?;
    match (verdict, place.kind) {
        (Verdict::InPlace, Kind::System(header)) => {
            prefer(thread, header);
            Some(Entry::InPlace)
        }
        (Verdict::InPlace, kind) => {
            if let Kind::Thread = kind {
                thread.runs_in_place(needs.callback);
            }
            Some(Entry::InPlace)
        }
        (Verdict::Switch, Kind::Signal) => None,
        (Verdict::Switch, _) => take_idle(thread, needs, sp, record).map(Entry::OnStack),
    }
}

/// Whether `sp` lies on the alternate signal stack, by what the kernel says now.
#[cold]
#[inline(never)]
fn is_on_signal_stack(thread: &Thread, sp: usize) -> bool {
    match signal_stack::current().range() {
        Some(range) => range.contains(&sp),
        None => thread.signal_stack_disarms() && thread.signal_stack().contains(&sp),
    }
}

/// Makes the stack that SP is on the thread's home, so that the fast path finds the next callback
/// from there in place.
fn prefer(thread: &Thread, header: &'static Header) {
    if !ptr::eq(thread.home(), header) && thread.holds(header) {
        change_home(thread, header, switch::stack_pointer());
    }
}

/// Makes a stack the home, for a callback that has arrived at `sp`. If the one before is idle, it
/// waits in the list. If not, it may have been left by a longjmp.
fn change_home(thread: &Thread, header: &'static Header, sp: usize) {
    // A handler may have carried the caller to another thread.
    if !thread::current().is_some_and(|now| ptr::eq(now, thread)) {
        return;
    }
    let home = thread.home();
    if home.is_idle() {
        thread.push_idle(home);
    } else if liveness::may_be_dead(thread, sp, home) {
        thread.note_left(home);
    }
    thread.set_home(header);
}

/// Takes an idle stack of the thread that is large enough: the home, or another.
#[inline(always)]
fn take_idle(
    thread: &Thread,
    needs: &Needs,
    sp: usize,
    record: *mut Record,
) -> Option<&'static Header> {
    let home = thread.home();
    if take(needs, record, home) { Some(home) } else { take_listed(thread, needs, sp, record) }
}

/// One of the list, or one of four that ended without being put there.
#[inline(never)]
fn take_listed(
    thread: &Thread,
    needs: &Needs,
    sp: usize,
    record: *mut Record,
) -> Option<&'static Header> {
    if thread.notes_are_full() {
        return None;
    }
    let is_taken = |header: &&'static Header| take(needs, record, header);
    let listed = loop {
        let Some(header) = thread.pop_idle() else { break None };
        if is_taken(&header) {
            break Some(header);
        }
        // Either too small, or in use again: the fast path has taken it, and whoever ends the
        // activation puts it back.
        if header.is_idle() && thread.holds(header) {
            thread.push_idle(header);
            break None;
        }
    };
    let header = listed.or_else(|| thread.next_four(&thread.idle_cursor).find(is_taken))?;
    change_home(thread, header, sp);
    note_called(sp, header);
    Some(header)
}

/// An activation on `called` begins that has arrived with SP at `sp`.
fn note_called(sp: usize, called: &'static Header) {
    if let Some(caller) = table::slot_at(sp) {
        caller.note_called(called);
    }
}

/// Takes a stack if it is large enough, and idle.
#[inline]
fn take(needs: &Needs, record: *mut Record, header: &'static Header) -> bool {
    header.room_bytes >= needs.bytes && header.claim_by_owner(needs.callback, record, tls::place)
}

/// In and out of the decision on the scratch stack.
struct Work<'a> {
    request: Request<'a>,
    blocked: &'a Blocked,
    /// The scratch stack, or the error code for want of one.
    scratch: Result<&'static Header, i32>,
    /// Whether it came from the pool, and nobody has taken it yet.
    is_spare: bool,
    /// Windows: what the TEB said of the calling stack.
    os_stack: OsStack,
    /// Only prepare the thread.
    only_prepare: bool,
    entry: Entry,
}

/// The same in all cases: decides on a scratch stack, with signals blocked.
#[cold]
#[inline(never)]
pub(crate) fn slow(needs: &Needs, sp: usize, record: *mut Record) -> Entry {
    work(Request { needs, sp, record }, false)
}

/// Whether the slow path itself has provoked what has arrived with SP at `sp`: a hook of something
/// that it calls, or a handler of a signal that is not blocked (signal_mask.rs), on a stack that is
/// the handler's own.
fn is_provoked(thread: Option<&Thread>, sp: usize) -> bool {
    let is_scratch = table::stack_at(sp).is_some_and(Header::is_scratch);
    let is_deciding = thread.is_some_and(Thread::is_deciding);
    is_scratch
        || emergency::contains(sp)
        || is_deciding && matches!(locate(thread, sp).kind, Kind::Signal | Kind::Foreign)
}

/// Does the work of a thread's first callback now: before a signal handler, a sandbox or a
/// real-time deadline would meet it.
///
/// Afterwards the thread holds a system stack, and callbacks on it are async-signal-safe as far as
/// the runtime is concerned. The bounds of the thread's stack are taken anew, so that this also
/// takes up an RLIMIT_STACK which was changed since; and so are those of its alternate signal
/// stack: call this after `sigaltstack(2)` with memory that lies inside of the thread's stack or of
/// a body's. Later callbacks are no slower for it.
///
/// ```
/// guarded_callback::prepare_thread();
/// ```
#[doc(alias("init", "warm_up"))]
pub fn prepare_thread() {
    static PREPARE: Callback = Callback::new("guarded_callback::prepare_thread");
    let mut record = MaybeUninit::uninit();
    let request = Request {
        needs: &Needs { callback: &PREPARE, bytes: 0, leaves_below: 0, has_fallback: true },
        sp: switch::stack_pointer(),
        record: record.as_mut_ptr(),
    };
    work(request, true);
}

#[inline(always)]
fn work(request: Request<'_>, only_prepare: bool) -> Entry {
    if is_provoked(thread::current(), request.sp) {
        return Entry::InPlace;
    }
    let blocked = Blocked::all();
    // From here on no handler carries the caller to another thread.
    let before = errno::get();
    let thread = thread::current();
    if let Some(thread) = thread {
        thread.set_deciding(true);
        liveness::restore_teb(thread, request.sp);
    }
    let home = thread.map(Thread::home).filter(|home| home.make_unused());
    let mut work = Work {
        request,
        blocked: &blocked,
        scratch: home.ok_or(0),
        is_spare: false,
        os_stack: OsStack::now(),
        only_prepare,
        entry: Entry::Refused,
    };
    if home.is_none() {
        take_scratch(&mut work);
    }
    let argument = (&raw mut work).cast();
    match work.scratch {
        Ok(scratch) => {
            scratch.set_scratch(true);
            // SAFETY: an idle stack that this thread alone has, and signals are blocked; headers
            // stay. The function takes a `Work`, which lives in this frame until it has returned.
            unsafe {
                let record = SwitchRecord::to(&raw const scratch.os_stack);
                switch::call_returning(argument, on_scratch, scratch.top(), &record);
            }
            scratch.set_scratch(false);
            if work.is_spare {
                // SAFETY: from the pool, and the decision has not taken it.
                unsafe { pool::put(scratch) };
            } else if scratch.record().is_none() {
                scratch.set_idle();
            }
        }
        // SAFETY: it takes a `Work`, which lives in this frame until it has returned, and does not
        // unwind.
        Err(_) => unsafe { emergency::call(argument, on_scratch) },
    }
    if let Some(thread) = thread::current() {
        thread.set_deciding(false);
    }
    let entry = work.entry;
    if let Entry::OnStack(header) = entry
        && header.lent_bytes.load(Relaxed) != 0
    {
        // Signals stay blocked until SP is on that stack.
        // SAFETY: `lent` is this activation's alone; `lend_signal_stack` has written it.
        unsafe { (&raw mut (*(*header.lent.get()).as_mut_ptr()).blocked).write(blocked) };
    }
    errno::set(before);
    entry
}

/// Takes a stack of the pool, or maps one: on an emergency stack, as the calling stack may have too
/// little left for the frames of that, and as what a hook of mmap calls is to be told there.
fn take_scratch(work: &mut Work<'_>) {
    unsafe extern "C-unwind" fn map(argument: *mut u8) {
        // SAFETY: see below.
        let work = unsafe { &mut *argument.cast::<Work<'_>>() };
        liveness::reclaim_from_predecessor();
        liveness::reclaim_orphans();
        work.scratch = pool::take(work.request.needs.bytes, work.request.sp);
    }
    // With UNWINDS_ONLY_UP the system is asked for places.
    if !switch::UNWINDS_ONLY_UP
        && let Some(header) = pool::take_unused(work.request.needs.bytes, work.request.sp)
    {
        work.scratch = Ok(header);
    } else {
        // SAFETY: the function takes a `Work`, which nobody else uses, and does not unwind.
        unsafe { emergency::call(ptr::from_mut(work).cast(), map) };
    }
    work.is_spare = work.scratch.is_ok();
}

/// # Safety
/// `argument` points to a [`Work`] that nobody else uses.
unsafe extern "C-unwind" fn on_scratch(argument: *mut u8) {
    // SAFETY: see above.
    let work = unsafe { &mut *argument.cast::<Work<'_>>() };
    let thread = thread_of(work);
    if work.only_prepare {
        work.entry = Entry::InPlace;
        return;
    }
    counters::SLOW.fetch_add(1, Relaxed);
    let request = work.request;
    let place = place_of(work, thread);
    work.entry = choose(work, thread, place).unwrap_or_else(|cause| refuse(&request, place, cause));
}

/// The state of the calling thread, brought up to date; begun at its first use.
fn thread_of(work: &mut Work<'_>) -> Option<&'static Thread> {
    let request = work.request;
    let thread = match thread::current() {
        Some(thread) => thread,
        None => begin_thread(work)?,
    };
    let mut setting = signal_stack::current();
    // Only a thread that has lent one itself looks for those of other copies of this runtime.
    let has_other = setting.range().is_some_and(|range| table::lender_of(&range).is_some())
        || thread.has_lent() && is_lent(&setting);
    if has_other && is_on_thread_stack(thread, request.sp) {
        leave_handlers(thread, &setting);
        setting = signal_stack::current();
    }
    match setting.range() {
        Some(range) if table::lender_of(&range).is_none() => {
            thread.set_signal_stack(range, setting.disarms())
        }
        // SS_AUTODISARM: the stack is out of force while a handler runs on it, or waits there for a
        // body that runs elsewhere.
        None if setting.is_told()
            && (!thread.signal_stack_disarms() || is_on_thread_stack(thread, request.sp)) =>
        {
            thread.set_signal_stack(0..0, false);
        }
        _ => {}
    }
    if thread.has_lent() && !is_lent(&setting) {
        // The kernel has set the old one at the end of the handler, whose body was jumped out of.
        thread.set_lent(false);
    }
    if !thread.has_bounds() || work.only_prepare {
        let may_call_libc = work.only_prepare || !work.blocked.any_before();
        let bounds = os_bounds::thread_stack_of(request.sp, &work.os_stack, may_call_libc);
        if bounds.is_some() || may_call_libc {
            thread.set_bounds(bounds);
        }
    }
    if !thread.is_dying() {
        overflow::cover_thread(thread.first());
    }
    thread.update_words();
    Some(thread)
}

/// Whether nothing but the thread stack is in use, as far as SP tells.
fn is_on_thread_stack(thread: &Thread, sp: usize) -> bool {
    let bounds = thread.bounds().flatten();
    bounds.is_some_and(|bounds| bounds.contains(sp)) && !thread.signal_stack().contains(&sp)
}

/// Begins the state of a thread on its first stack. A thread that is ending, or whose end nobody
/// would find out, keeps nothing: the stack goes back when the activation ends.
fn begin_thread(work: &mut Work<'_>) -> Option<&'static Thread> {
    let first = work.scratch.ok()?;
    ending::prepare_process();
    let thread = Thread::begin(first);
    // Not where destructors run after the state was ended: no second word of the end comes.
    let is_ending = ending::has_begun_to_end();
    let is_watched = !is_ending && thread::exit::watch(thread.as_ptr(), work.only_prepare);
    // Otherwise the next thread with its thread-locals' place finds out that it has ended.
    let is_found = || thread::exit::needs_memory() && tls::words().is_some();
    if is_ending || !(is_watched || is_found()) {
        thread.set_dying();
        return Some(thread);
    }
    thread.hold(first);
    thread.set_home(first);
    thread.set_deciding(true);
    thread.make_current();
    work.is_spare = false;
    Some(thread)
}

/// Which stack the callback has arrived on.
fn place_of(work: &Work<'_>, thread: Option<&Thread>) -> Place {
    let sp = work.request.sp;
    let place = locate(thread, sp);
    if let (None, Kind::Foreign) = (thread, place.kind) {
        // No state could be begun, for want of a stack: the thread's own may have room.
        let may_call_libc = !work.blocked.any_before();
        let own = os_bounds::thread_stack_of(sp, &work.os_stack, may_call_libc);
        return own.filter(|own| own.contains(sp)).map_or(place, Place::on_thread);
    }
    place
}

/// Decides, and takes the stack for the body.
fn choose(
    work: &mut Work<'_>,
    thread: Option<&'static Thread>,
    place: Place,
) -> Result<Entry, Cause> {
    let request = work.request;
    if decide(request.needs.callback, request.needs.bytes, &place, request.sp)? == Verdict::InPlace
    {
        if let (Some(thread), Kind::Thread) = (thread, place.kind) {
            thread.runs_in_place(request.needs.callback);
        }
        return Ok(Entry::InPlace);
    }
    let header = match thread {
        Some(thread) if !thread.is_dying() => further_stack(work, thread)?,
        _ => passing_stack(work)?,
    };
    note_called(request.sp, header);
    let is_on_part = || thread.is_some_and(|thread| thread.signal_stack().contains(&request.sp));
    if matches!(place.kind, Kind::Signal) || matches!(place.kind, Kind::Registered) && is_on_part()
    {
        let is_held = thread.is_some_and(|thread| thread.holds(header));
        lend_signal_stack(header, request.sp).inspect_err(|_| {
            // Otherwise another thread could give away the stack that SP is on.
            if is_held {
                header.set_idle();
            }
        })?;
    }
    Ok(Entry::OnStack(header))
}

/// An idle stack of the thread, also one whose activation turns out to be dead, or a further one.
fn further_stack(work: &mut Work<'_>, thread: &Thread) -> Result<&'static Header, Cause> {
    let Request { needs, sp, record } = work.request;
    let frame = sp..record.addr() + size_of::<Record>();
    // The home, on which this decides.
    if let Ok(scratch) = work.scratch
        && !work.is_spare
        && scratch.room_bytes >= needs.bytes
    {
        scratch.begin(needs.callback, record);
        return Ok(scratch);
    }
    let idle = || take_idle(thread, needs, sp, record);
    let found = idle().or_else(|| {
        let header = liveness::reclaim(thread, &frame, |header| take(needs, record, header));
        header.inspect(|header| change_home(thread, header, sp)).or_else(idle)
    });
    if let Some(header) = found {
        return Ok(header);
    }
    let limit = settings::stacks_per_thread();
    // Idle ones that are too small do not count.
    let in_use = || thread.held().filter(|header| !header.is_idle()).count();
    if thread.held_count() >= limit && in_use() >= limit {
        return Err(Cause::Limit(limit));
    }
    let header = if work.is_spare {
        work.is_spare = false;
        work.scratch
    } else {
        pool::take(needs.bytes, sp)
    };
    let header = header.map_err(Cause::Mapping)?;
    header.begin(needs.callback, record);
    thread.hold(header);
    change_home(thread, header, sp);
    Ok(header)
}

/// A stack for a thread that keeps none.
fn passing_stack(work: &mut Work<'_>) -> Result<&'static Header, Cause> {
    let header = work.scratch.map_err(Cause::Mapping)?;
    work.is_spare = false;
    header.begin(work.request.needs.callback, work.request.record);
    liveness::make_orphan(header);
    Ok(header)
}

fn refuse(request: &Request<'_>, place: Place, cause: Cause) -> Entry {
    counters::REFUSED.fetch_add(1, Relaxed);
    callback_stats::refused(request.needs.callback);
    if request.needs.has_fallback {
        return Entry::Refused;
    }
    let available = place.is_known().then(|| place.room_bytes(request.sp));
    refusal::abort(request.needs.callback, request.needs.bytes, available, cause)
}
