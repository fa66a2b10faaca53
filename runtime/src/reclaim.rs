//! Which activations are dead: abandoned by a longjmp, or by an exception through frames without cleanup.
//!
//! Nothing tells us of a longjmp, so death is concluded from addresses. A frame is gone when a live frame lies in its place:
//! the record that an activation keeps in its shim's frame is overlapped by the frame of the new arrival, or is overwritten. The new
//! arrival lying above the record is a strong hint, but no proof: coroutine stacks may be carved out of the thread's
//! own stack, and one of them may be suspended below. Such a doubtful activation is left alone until the thread holds
//! [`DOUBTFUL_LIMIT`] stacks. One whose host is a foreign stack may be suspended for as long as it likes.

use core::sync::atomic::Ordering;

use crate::arrive::Arrival;
use crate::bounds::StackBounds;
use crate::register;
use crate::report::counters;
use crate::stack::{Header, IDLE, Record};
use crate::thread::Thread;

/// From this many stacks on, an activation on the thread stack below a new arrival counts as dead.
pub(crate) const DOUBTFUL_LIMIT: usize = 32;

/// The stack that an address lies on, as far as the thread knows it.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Thread(StackBounds),
    System(&'static Header),
    Registered(StackBounds),
    Foreign,
}

/// Finds the stack that `address` lies on. System stacks come first: where bounds lie, those are ours and certain. Registered
/// ones come next, since they may be carved out of the thread stack.
pub(crate) fn place(thread: &Thread, address: usize) -> Place {
    if let Some(header) = thread.held().find(|header| header.contains(address)) {
        return Place::System(header);
    }
    if let Some(bounds) = register::find(address) {
        return Place::Registered(bounds);
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
            Self::Thread(bounds) | Self::Registered(bounds) => Some(sp - bounds.low()),
            Self::System(header) => Some(sp - header.low),
            Self::Foreign => None,
        }
    }

    fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Thread(_), Self::Thread(_)) => true,
            (Self::System(one), Self::System(other)) => core::ptr::eq(one, other),
            _ => false,
        }
    }
}

/// Takes back the stacks of activations that are certainly dead.
pub(crate) fn abandoned(thread: &Thread, arrival: &Arrival) {
    take_back(thread, |header, host| is_gone(thread, arrival, header, host));
}

/// Takes back the stacks of activations that are dead unless coroutines are carved out of the thread's own stack.
pub(crate) fn doubtful(thread: &Thread, arrival: &Arrival) {
    let here = place(thread, arrival.sp);
    take_back(thread, |_, host| host < arrival.sp && place(thread, host).is_same(here));
}

/// Marks idle what `is_dead` says, until nothing changes: a stack found dead takes those with it that were called from it.
fn take_back(thread: &Thread, is_dead: impl Fn(&Header, usize) -> bool) {
    loop {
        let mut changed = false;
        for header in thread.held() {
            let host = header.host.load(Ordering::Acquire);
            if host != IDLE && is_dead(header, host) {
                header.outer.set(core::ptr::null());
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

/// Whether the shim's frame at `host` certainly exists no more.
fn is_gone(thread: &Thread, arrival: &Arrival, header: &Header, host: usize) -> bool {
    let in_new_frame = (arrival.sp..arrival.record + size_of::<Record>()).contains(&host);
    if in_new_frame {
        return true;
    }
    match place(thread, host) {
        Place::System(below) if below.is_idle() => true,
        there @ (Place::System(_) | Place::Thread(_)) => {
            there.is_same(place(thread, arrival.sp)) && host > arrival.sp && is_overwritten(header, host)
        }
        // Perhaps a suspended coroutine.
        Place::Registered(_) | Place::Foreign => false,
    }
}

/// Whether the record at `host`, on the stack in use and above SP, is another's by now.
fn is_overwritten(header: &Header, host: usize) -> bool {
    // SAFETY: `host` lies between SP and the high end of the stack that the arrival is on, which is mapped. Volatile, because
    // the compiler cannot know who wrote there.
    let first_word = unsafe { (host as *const *const Header).read_volatile() };
    !core::ptr::eq(first_word, header)
}
