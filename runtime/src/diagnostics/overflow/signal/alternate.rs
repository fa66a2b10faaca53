//! The alternate signal stack of a thread: a handler cannot run on the stack that has overflowed.

use core::sync::atomic::Ordering::Relaxed;

use crate::stack::{Header, memory};
use crate::thread::signal_stack::{self, Setting};

/// Gives the calling thread an alternate stack in the slot of its first stack, if it has none.
/// Without memory the thread stays without one. Handlers that ran on the thread's stack before run
/// on this one as well, so it is a large one.
pub(super) fn give(first: &Header) {
    if !first.has_signal_stacks() || signal_stack::current().range().is_some() {
        return;
    }
    let range = first.report_area();
    // SAFETY: whole pages of a slot that the calling thread has.
    if unsafe { memory::open(range.start, range.end - range.start) }.is_ok() {
        first.has_report_stack.store(true, Relaxed);
        // SAFETY: the memory is there for as long as the thread is, also when the library is
        // closed.
        unsafe { Setting::new(&range).set() };
    }
}

/// Takes back what was given, when the thread ends or the library is closed; where another stack
/// was set since, that one stays.
pub(crate) fn uncover_thread(first: &Header) {
    if !first.has_report_stack.load(Relaxed) {
        return;
    }
    let start = first.report_area().start;
    let is_ours = signal_stack::current().range().is_some_and(|range| range.start == start);
    // SAFETY: names no memory. Refused while SP is on the stack: a handler ends the thread, or
    // closes the library.
    let stays = is_ours && !unsafe { Setting::none().set() };
    first.has_report_stack.store(stays, Relaxed);
}
