//! Which activations are dead: abandoned by a longjmp, or by an exception through frames without cleanup.
//!
//! Nothing tells us of a longjmp, so death is concluded from addresses. A frame is gone when a live frame lies in its place:
//! the record that an activation keeps in its shim's frame is overlapped by the frame of the new arrival, or is overwritten.
//!
//! A new arrival above the record, on the same stack, tells the same unless coroutine stacks are carved out of that stack and one of
//! them is suspended below. That happens only under `switch = always` (or the carved stacks are registered), so there such an
//! activation is left alone until the thread holds as many stacks as it may. One whose host is a foreign stack
//! may be suspended for as long as it likes.

use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use crate::arrive::Arrival;
use crate::bounds::StackBounds;
use crate::callback::Callback;
use crate::checker;
use crate::register;
use crate::report::counters;
use crate::stack::{Header, Record};
use crate::switch;
use crate::thread::Thread;

/// A stack with less room than this below SP is no place to call back from: a record so close below belongs to the same stack.
const SMALLEST_ROOM: usize = 512;

/// The stack that an address lies on, as far as the thread knows it.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Thread(StackBounds),
    System(&'static Header),
    Registered(StackBounds),
    /// The alternate signal stack.
    Signal(StackBounds),
    Foreign,
}

/// Finds the stack that `address` lies on. System stacks come first: where bounds lie, those are ours and certain. Registered
/// ones and the alternate signal stack come next, since they may be carved out of the thread stack.
pub(crate) fn place(thread: &Thread, address: usize) -> Place {
    if let Some(header) = thread.held().find(|header| header.contains(address)) {
        return Place::System(header);
    }
    if let Some(bounds) = register::find(address) {
        return Place::Registered(bounds);
    }
    if let Some(bounds) = thread.signal_stack_at(address) {
        return Place::Signal(bounds);
    }
    match thread.thread_stack() {
        Some(bounds) if bounds.contains(address) => Place::Thread(bounds),
        _ => Place::Foreign,
    }
}

impl Place {
    /// Bytes between `sp` and the lowest usable address; `None` on a foreign stack.
    pub(crate) fn room_bytes(self, sp: usize) -> Option<usize> {
        match self {
            Self::Thread(bounds) | Self::Registered(bounds) | Self::Signal(bounds) => Some(sp - bounds.low()),
            Self::System(header) => Some(sp - header.low),
            Self::Foreign => None,
        }
    }

    /// Lowest usable address and high end; `None` on a foreign stack.
    #[cfg_attr(not(feature = "asan"), expect(dead_code, reason = "only AddressSanitizer has to be told"))]
    pub(crate) fn bounds(self) -> Option<(usize, usize)> {
        match self {
            Self::Thread(bounds) | Self::Registered(bounds) | Self::Signal(bounds) => {
                Some((bounds.low(), bounds.high()))
            }
            Self::System(header) => Some((header.low, header.low + header.room_bytes)),
            Self::Foreign => None,
        }
    }

    pub(crate) fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Thread(_), Self::Thread(_)) | (Self::Signal(_), Self::Signal(_)) => true,
            (Self::System(one), Self::System(other)) => ptr::eq(one, other),
            _ => false,
        }
    }
}

/// Takes back the stacks of activations that are dead. The `landing` has the arrival's own record.
pub(crate) fn abandoned(thread: &Thread, arrival: &Arrival, landing: Option<&'static Header>) {
    let here = place(thread, arrival.sp);
    take_back(thread, landing, |header, host| is_gone(thread, arrival, here, header, host));
}

/// Takes back the stacks of activations that are dead unless coroutines are carved out of the stack that the arrival is on.
///
/// A host waits for its body. Code that runs on the host's stack, above or below, is a coroutine, a call of
/// `on_host_stack`, a signal handler just before the switch - or the proof that nobody waits any more.
pub(crate) fn doubtful(thread: &Thread, arrival: &Arrival, landing: Option<&'static Header>) {
    let here = place(thread, arrival.sp);
    take_back(thread, landing, |header, host| {
        // A signal handler may have interrupted the front between the note and the switch: then it runs below the record.
        let has_left = header.left_host_at().is_some() && !(header.is_of_front() && arrival.sp < host);
        has_left && header.visits.get() == 0 && place(thread, host).is_same(here)
    });
}

/// Whether a signal handler has jumped out of the cold path that left its mark at `before`. The arrival that asks lives between its own
/// `mark` and its `record`.
///
/// A handler that interrupts the cold path runs below it or on another stack. So what lies below the arrival is gone, and what lies
/// above it when it is overwritten; a frame on a system stack is gone with that stack's activation.
pub(crate) fn is_left_behind(thread: &Thread, before: usize, mark: usize, record: usize) -> bool {
    let here = place(thread, record);
    let (mut address, mut word) = (before, ptr::from_ref(thread).addr());
    for _ in thread.held() {
        if (mark..record + size_of::<Record>()).contains(&address) {
            return true;
        }
        let there = place(thread, address);
        if there.is_same(here) {
            return address < mark || !is_word(address, word);
        }
        let Place::System(below) = there else { return false };
        let Some(host) = below.host_record() else { return true };
        (address, word) = (host, ptr::from_ref(below).addr());
    }
    false
}

/// Takes back the stacks of activations that end with the thread: their hosts were on its own stack, on that of its handlers, or on the
/// one that this very code runs on, which is a system stack where pthread_exit in a body does not unwind. Not that one itself.
pub(crate) fn thread_ends(thread: &Thread) {
    let sp = switch::stack_pointer();
    take_back(thread, None, |header, host| {
        !header.contains(sp)
            && match place(thread, host) {
                Place::Thread(_) | Place::Signal(_) => true,
                // A body further on that visits this stack, or that a longjmp has left: the thread never comes back to either.
                Place::System(below) => below.is_idle() || below.contains(sp),
                Place::Registered(_) | Place::Foreign => false,
            }
    });
}

/// Takes back the stacks of activations that were called from the stack of `ended`, where nothing lives any more. Later, when that
/// stack is another's, nobody could tell.
pub(crate) fn called_from(thread: &Thread, ended: &Header) {
    take_back(thread, None, |_, host| ended.contains(host));
}

/// Marks idle what `is_dead` says, except for the landing, until nothing changes: a stack found dead takes those with it that were
/// called from it.
fn take_back(thread: &Thread, landing: Option<&'static Header>, is_dead: impl Fn(&Header, usize) -> bool) {
    let is_landing = |header: &Header| landing.is_some_and(|landing| ptr::eq(landing, header));
    loop {
        let mut changed = false;
        for header in thread.held() {
            if !is_landing(header) && header.host_record().is_some_and(|host| is_dead(header, host)) {
                header.is_extra.store(false, Relaxed);
                header.visits.set(0);
                header.disarmed.forget();
                checker::abandoned(header);
                header.set_idle();
                counters::reclaimed();
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Whether the shim's frame with the record at `host` exists no more; `here` is the stack of the arrival.
fn is_gone(thread: &Thread, arrival: &Arrival, here: Place, header: &Header, host: usize) -> bool {
    let in_new_frame = (arrival.sp..arrival.record + size_of::<Record>()).contains(&host);
    if in_new_frame {
        return true;
    }
    match place(thread, host) {
        Place::System(below) if below.is_idle() => true,
        there @ (Place::System(_) | Place::Thread(_) | Place::Signal(_)) if there.is_same(here) => {
            if host > arrival.sp {
                is_overwritten(header, host)
            } else {
                header.running().is_some_and(Callback::is_by_order) || arrival.sp - host < SMALLEST_ROOM
            }
        }
        // Perhaps a suspended coroutine.
        _ => false,
    }
}

/// Whether the record at `host`, on the stack in use and above SP, is another's by now.
fn is_overwritten(header: &Header, host: usize) -> bool {
    !is_word(host, ptr::from_ref(header).addr())
}

/// Whether `word` is what `address` holds, which lies on the stack in use and above SP.
fn is_word(address: usize, word: usize) -> bool {
    // SAFETY: `address` lies between SP and the high end of the stack that the arrival is on, which is mapped.
    unsafe { checker::read_anything(address) == word }
}
