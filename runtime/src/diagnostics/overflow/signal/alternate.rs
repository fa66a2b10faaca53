//! The alternate signal stack of a thread: a handler cannot run on the stack that has overflowed.

use core::sync::atomic::Ordering::Relaxed;

use crate::stack::{Header, memory};
use crate::thread::signal_stack::{self, Setting};

/// Room for our handler, and for an earlier one that prints a backtrace.
const HANDLER_BYTES: usize = 64 * 1024;

/// Gives the calling thread an alternate stack in the slot of its first stack, if it has none.
/// Without memory the thread stays without one.
pub(super) fn give(first: &Header) {
    if !first.has_signal_stacks() || signal_stack::current().range().is_some() {
        return;
    }
    let area = first.report_area();
    let bytes = (HANDLER_BYTES + signal_frame_bytes()).next_multiple_of(memory::page_bytes());
    let range = area.start..area.start + bytes.min(area.end - area.start);
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

/// What the kernel writes below SP of a handler: kilobytes where there are AVX-512 or AMX registers
/// to keep; 0 where the kernel does not tell.
fn signal_frame_bytes() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: no preconditions.
    return unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) as usize };
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    0
}
