//! Which activations are dead: abandoned by a longjmp, an exception through frames without cleanup,
//! or a coroutine that was freed.
//!
//! Nothing tells of it, so there must be proof. The record of an activation, a word in the frame of
//! its shim, is in place for as long as the frame is. It is gone when
//!
//! - the word is another one, or its memory is unmapped;
//! - the frame of the new callback lies over it;
//! - it lies on a system stack on which nothing runs, or on a signal stack that was lent and is no
//!   more.
//!
//! The one exception: records below SP on the thread stack, under `switch = always`. A longjmp from
//! ever shallower frames leaves them as they are, and so does a coroutine that is carved out of the
//! stack there and suspended. They are taken for dead once their stacks hold more than 256 MiB.
//!
//! An activation that visits its calling stack (`on_host_stack`) may overwrite its record itself,
//! so it counts as alive until the visit ends, or is jumped over: then the exception is for it as
//! well.

use core::cell::LazyCell;
use core::ops::{ControlFlow, Range};
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use crate::diagnostics::counters;
use crate::lenders::is_pinned;
use crate::settings::SYSTEM_STACK_BYTES;
use crate::stack::{Header, IS_CLOSED, is_on_idle_stack_of_another_copy, pool, table};
use crate::switch::OsStack;
use crate::thread::{self, Thread, signal_stack, tls};
use crate::{checkers, probe};

/// How many old activations one claim of a further stack looks at.
const LOOKED_AT: usize = 4;

/// What the stacks of activations may hold that are perhaps dead.
const MOST_UNPROVEN_BYTES: usize = 256 << 20;

/// What a stack counts at least, for its mappings and page tables.
const LEAST_UNPROVEN_BYTES: usize = 64 * 1024;

/// Fewer stacks of the usual size cannot hold so much.
const UNPROVEN_STACKS: usize = MOST_UNPROVEN_BYTES / SYSTEM_STACK_BYTES;

/// How many stacks are orphans.
static ORPHANS: AtomicUsize = AtomicUsize::new(0);

/// Windows: the TEB still tells of the stacks that were left by an exception or by longjmp. Puts it
/// right for a thread that has arrived with SP at `sp`, and ends the activations that were unwound:
/// the thread runs again on the stack that they were called from, so the unwinder has left theirs.
pub(crate) fn restore_teb(thread: &Thread, sp: usize) {
    if !OsStack::IS_TOLD {
        return;
    }
    let is_left = |header: &&Header| header.switch.os.is_told() && !header.contains(sp);
    for _ in 0..thread.held_count() {
        let Some(header) = thread.held().find(is_left) else { return };
        header.switch.os.restore_teb();
        if header.switch.os.is_unwound() && !header.is_idle() {
            checkers::end(&header.notes);
            header.set_idle();
            keep(thread, header);
        }
    }
}

/// An idle stack stays the home of the thread, or waits in its list.
fn keep(thread: &Thread, header: &'static Header) {
    if !ptr::eq(thread.home(), header) {
        thread.push_idle(header);
    }
}

/// Marks some stacks of the thread idle whose activations are dead: the home, the next four, and
/// the outermost of their rows. Returns the first that is idle now and that `take` accepts.
/// `frame`: that of the shim of the new callback, from SP to the end of its own record.
pub(crate) fn reclaim(
    thread: &Thread,
    frame: &Range<usize>,
    take: impl Fn(&'static Header) -> bool,
) -> Option<&'static Header> {
    let home = thread.home();
    let mut taken: Option<&'static Header> = None;
    let left = thread.take_left();
    let seen = core::iter::once(home).chain(left).chain(thread.next_four(&thread.dead_cursor));
    for header in seen.flat_map(|header| [Some(header), header.outermost()]).flatten() {
        // Its record lies in the frame of the new callback by now.
        if taken.is_some_and(|taken| ptr::eq(taken, header)) {
            continue;
        }
        look_at(thread, frame, header);
        // Also if it is not listed: whoever was about to list it may have been jumped over.
        if taken.is_none() && thread.holds(header) && take(header) {
            taken = Some(header);
        }
    }
    if taken.is_none() && thread.unproven_bytes.load(Relaxed) > MOST_UNPROVEN_BYTES {
        presume_dead(thread, frame);
    }
    reclaim_orphans();
    taken
}

fn look_at(thread: &Thread, frame: &Range<usize>, header: &'static Header) {
    measure_if_unproven(thread, frame, header);
    if thread.holds(header) && is_dead(frame, header) && !is_pinned(header) {
        abandon_row(thread, frame.start, header);
    }
}

/// Ends a dead activation, and the row of those that were called from it, one from another: nothing
/// runs on the stacks that they would come back to. One by one they would be found more slowly than
/// jumps over such rows leave them. SP is at `sp`.
fn abandon_row(thread: &Thread, sp: usize, dead: &'static Header) {
    let is_dead_too = |called: &&Header| {
        let is_free = called.visits.load(Relaxed) == 0 && !called.contains(sp);
        thread.holds(called) && is_free && !is_pinned(called)
    };
    let mut row = Some(dead);
    while let Some(header) = row {
        abandon(header);
        keep(thread, header);
        row = header.left_behind().filter(is_dead_too);
    }
}

/// Whether there is proof that the activation on the stack is dead.
fn is_dead(frame: &Range<usize>, header: &Header) -> bool {
    header.visits.load(Relaxed) == 0 && has_lost_record(frame, header)
}

/// Whether the record is gone, or lies in the frame of the new callback.
fn has_lost_record(frame: &Range<usize>, header: &Header) -> bool {
    header.record().is_some_and(|record| frame.contains(&record) || is_gone(header, record))
}

/// Whether the record is gone, whoever asks.
fn is_gone(header: &Header, record: usize) -> bool {
    table::slot_at(record).is_some_and(|slot| !slot.may_hold_frames(record))
        || !probe::holds(record, ptr::from_ref(header).addr())
}

/// Ends a dead activation, unless it has ended by itself: it was alive on another thread, then.
fn abandon(header: &Header) {
    header.visits.store(0, Relaxed);
    header.lent_bytes.store(0, Relaxed);
    header.touched.store(0, Relaxed);
    checkers::abandoned(&header.notes, header.low, header.room_bytes, header.switch.sp());
    header.set_idle();
    counters::RECLAIMED.fetch_add(1, Relaxed);
}

/// Notes, once, how much memory an activation holds that is perhaps dead, when the thread has so
/// many stacks that it matters. A body that lives may touch more later, which only delays this.
fn measure_if_unproven(thread: &Thread, frame: &Range<usize>, header: &'static Header) {
    let is_new = header.touched.load(Relaxed) == 0 && thread.held_count() >= UNPROVEN_STACKS;
    if is_new && thread.holds(header) && is_unproven(thread, frame, header) {
        let bytes = header.resident_bytes().max(LEAST_UNPROVEN_BYTES);
        header.touched.store(bytes, Relaxed);
        thread.unproven_bytes.fetch_add(bytes, Relaxed);
    }
}

/// Takes activations for dead that perhaps are, if their stacks still hold too much: some that were
/// counted may have ended.
#[inline(never)]
fn presume_dead(thread: &Thread, frame: &Range<usize>) {
    let is_unproven = |header: &&'static Header| is_unproven(thread, frame, header);
    let held = thread.held().filter(is_unproven).map(|header| header.touched.load(Relaxed)).sum();
    thread.unproven_bytes.store(held, Relaxed);
    if held > MOST_UNPROVEN_BYTES {
        thread.held().filter(is_unproven).for_each(|header| {
            abandon(header);
            // SAFETY: nothing lives on the stack any more, and SP is not on it.
            unsafe { header.shrink(0) };
            thread.push_idle(header);
        });
        thread.unproven_bytes.store(0, Relaxed);
    }
}

/// Whether the activation is perhaps dead, though nothing proves it: it was called below the new
/// callback on the thread stack, or has lost its record and visits its calling stack.
fn is_unproven(thread: &Thread, frame: &Range<usize>, header: &Header) -> bool {
    let may_be_jumped_over = || {
        header.visits.load(Relaxed) != 0
            && !header.contains(frame.start)
            && !is_pinned(header)
            && has_lost_record(frame, header)
    };
    may_be_dead(thread, frame.start, header) || may_be_jumped_over()
}

/// Whether the activation was called below a new callback at `sp` on the thread stack.
pub(crate) fn may_be_dead(thread: &Thread, sp: usize, header: &Header) -> bool {
    let Some(bounds) = thread.bounds().flatten() else { return false };
    let is_below = |record: usize| bounds.contains(record) && record < sp;
    bounds.contains(sp)
        && !header.contains(sp)
        && header.record().is_some_and(is_below)
        && !is_pinned(header)
}

/// Gives stacks to the pool of a thread that has ended without a word of it: its first callback
/// came from the last destructor. It was the thread that had its thread-locals where the calling
/// thread has them now. Looks at some stacks only, whenever one more is about to be mapped.
pub(crate) fn reclaim_from_predecessor() {
    static CURSOR: AtomicPtr<Header> = AtomicPtr::new(ptr::null_mut());
    const LOOKED_AT: usize = 64;
    if IS_CLOSED.load(Relaxed) {
        return;
    }
    let (own, place) = (thread::current().map_or(0, Thread::number), tls::place());
    table::visit_next(&CURSOR, LOOKED_AT, |header| {
        if header.is_left_by_predecessor(own, place) {
            // SAFETY: the thread that had it is gone, and no other one concludes that.
            unsafe { finish(header) };
        }
        ControlFlow::Continue(())
    });
}

/// The thread that has this stack has no use for it any more.
///
/// # Safety
/// SP is not on it if it is idle, and nobody else gives it away.
unsafe fn finish(header: &'static Header) {
    if header.give_up(&ORPHANS) {
        // SAFETY: the caller's promise.
        unsafe { pool::put(header) };
    }
}

/// No thread keeps the stack, on which an activation lives.
pub(crate) fn make_orphan(header: &Header) {
    header.make_orphan(&ORPHANS);
}

/// Gives an orphan to the pool whose activation has ended, unless somebody else is about to.
///
/// # Safety
/// The stack is idle, and SP is not on it.
pub(crate) unsafe fn end_orphan(header: &'static Header) {
    if header.take_orphan() && header.put_back_orphan(&ORPHANS) {
        // SAFETY: passed on.
        unsafe { pool::put(header) };
    }
}

/// Gives some stacks to the pool whose threads have ended before the activations on them did.
pub(crate) fn reclaim_orphans() {
    static CURSOR: AtomicPtr<Header> = AtomicPtr::new(ptr::null_mut());
    /// How many stacks are passed by at a time.
    const PASSED: usize = 64;
    if ORPHANS.load(Relaxed) == 0 || IS_CLOSED.load(Relaxed) {
        return;
    }
    let mut looked_at = 0;
    table::visit_next(&CURSOR, PASSED, |header| {
        if header.take_orphan() {
            looked_at += 1;
            end_if_dead(header);
            if header.put_back_orphan(&ORPHANS) {
                // SAFETY: nobody has it; code that runs on a stack is part of its activation.
                unsafe { pool::put(header) };
            }
        }
        if looked_at < LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
}

/// Ends the activation on an orphan if it is dead.
fn end_if_dead(header: &'static Header) {
    let Some(record) = header.record() else { return };
    let ended_by = header.ended_by.load(Relaxed);
    let is_dead = if ended_by != 0 {
        // The thread ran on this stack until its last instruction.
        thread::id::has_ended(ended_by)
    } else {
        header.visits.load(Relaxed) == 0
            && (is_gone(header, record)
                || is_on_idle_stack_of_another_copy(record, probe::holds_for_certain))
    };
    if is_dead {
        abandon(header);
    }
}

/// Lets go of the stacks of a thread that ends; `sp` is where it does. Its own stack and the stacks
/// that nothing runs on are no place to come back to any more.
pub(crate) fn thread_ends(thread: &Thread, sp: usize) {
    let bounds = thread.bounds().flatten();
    // As far as it is still in force, or would be again after a handler. Asked for only where an
    // activation may be left: a sandbox may kill who asks.
    let signal = LazyCell::new(|| match signal_stack::current().range() {
        Some(now) if now != thread.signal_stack() && table::lender_of(&now).is_none() => 0..0,
        None if !thread.signal_stack_disarms() => 0..0,
        _ => thread.signal_stack(),
    });
    let is_left = |header: &&'static Header| {
        let record = header.record();
        !header.contains(sp)
            && !is_pinned(header)
            && record.is_some_and(|record| {
                bounds.is_some_and(|bounds| bounds.contains(record))
                    || signal.contains(&record)
                    || is_gone(header, record)
                    || table::stack_at(record).is_some_and(|below| below.contains(sp))
            })
    };
    // What was called from a dead activation is dead as well.
    let abandon = |header| abandon_row(thread, sp, header);
    while thread.held().filter(is_left).map(abandon).count() > 0 {}
    // Some may count as in use until they are taken out.
    while thread.pop_idle().is_some() {}
    // The iterator has read the link to the next stack when it yields one.
    for header in thread.held() {
        // The kernel may still use what it has of the slot, until the thread has ended.
        if header.contains(sp) || is_pinned(header) {
            header.ended_by.store(thread::id::current(), Relaxed);
        }
        // SAFETY: this thread's; code that runs on a stack is part of its activation.
        unsafe { finish(header) };
    }
    reclaim_orphans();
}
