//! The alternate signal stack of a thread: a handler cannot run on the stack that has overflowed.

use core::sync::atomic::Ordering::Relaxed;

use crate::stack::{Header, memory};
use crate::thread::signal_stack::{self, Setting};

/// Room for our handler, and for an earlier one that prints a backtrace.
const HANDLER_BYTES: usize = 64 * 1024;

/// Gives the calling thread an alternate stack at the low end of the report area of its first stack,
/// if it has none. Without memory the thread stays without one.
pub(super) fn give(first: &Header) {
    let area = first.report_area();
    if signal_stack::current().range().is_some() {
        return;
    }
    let bytes = (HANDLER_BYTES + signal_frame_bytes()).next_multiple_of(memory::page_bytes());
    let range = area.start..area.start + bytes.min(area.end - area.start);
    // SAFETY: a part of the thread's own slot, in whole pages.
    if unsafe { memory::open(range.start, range.end - range.start) }.is_ok() {
        // SAFETY: the memory is there for as long as the thread is.
        let is_set = unsafe { Setting::new(&range).set() };
        first.has_report_stack.store(is_set, Relaxed);
    }
}

/// Takes back what was given, when the thread ends; where somebody has set another stack since, that
/// one stays.
pub(crate) fn uncover_thread(first: &Header) {
    if !first.has_report_stack.swap(false, Relaxed) {
        return;
    }
    let area = first.report_area();
    if signal_stack::current().range().is_some_and(|range| range.start == area.start) {
        // SAFETY: names no memory. Refused while SP is on the stack: the thread ends in a handler.
        unsafe { Setting::none().set() };
    }
}

/// What the kernel writes below SP of a handler: kilobytes where there are AVX-512 or AMX registers
/// to keep.
fn signal_frame_bytes() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: no preconditions; zero where the kernel does not tell.
    let told = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } as usize;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let told = 0;
    told
}
