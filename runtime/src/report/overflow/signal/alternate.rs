//! The alternate signal stack of a thread: a handler cannot run on the stack that has overflowed.

use core::cell::Cell;
use core::mem::zeroed;
use core::ptr;

use crate::stack::memory;
use crate::thread::exit;
use crate::thread::signal_stack::ask;

/// Room for our handler, and for an earlier one that prints a backtrace.
const HANDLER_BYTES: usize = 64 * 1024;

thread_local! {
    /// What this runtime gave the thread: lowest address and length of the mapping, zero if nothing.
    static GIVEN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Gives the calling thread an alternate stack, if it has none. Without memory it stays without one, and so it does where nobody
/// would take it back.
pub(super) fn give() {
    if GIVEN.get().0 != 0 || ask().ss_flags & libc::SS_DISABLE == 0 {
        return;
    }
    if !exit::watch() {
        return;
    }
    let page = memory::page_bytes();
    let bytes = (HANDLER_BYTES + signal_frame_bytes()).next_multiple_of(page);
    let Ok(base) = memory::map(bytes + page, page) else { return };
    GIVEN.set((base, bytes + page));
    // SAFETY: the memory was just mapped and stays until `uncover_thread` takes it from the thread.
    unsafe {
        let mut given: libc::stack_t = zeroed();
        given.ss_sp = (base + page) as *mut libc::c_void;
        given.ss_size = bytes;
        libc::sigaltstack(&raw const given, ptr::null_mut());
    }
}

/// Takes back what was given, when the thread ends.
pub(crate) fn uncover_thread() {
    let (base, mapped_bytes) = GIVEN.replace((0, 0));
    if base == 0 {
        return;
    }
    let current = ask();
    if (base..base + mapped_bytes).contains(&(current.ss_sp as usize)) {
        if current.ss_flags & libc::SS_ONSTACK != 0 {
            // The thread ends in a signal handler: this very code runs on the stack, so it is left behind.
            return;
        }
        // SAFETY: takes only our own stack away; where somebody has set another one since, that one stays.
        unsafe {
            let mut none: libc::stack_t = zeroed();
            none.ss_flags = libc::SS_DISABLE;
            // Some systems look at the size all the same.
            none.ss_size = HANDLER_BYTES;
            libc::sigaltstack(&raw const none, ptr::null_mut());
        }
    }
    memory::unmap(base, mapped_bytes);
}

/// What the kernel writes below SP of a handler: kilobytes where there are AVX-512 or AMX registers to keep.
fn signal_frame_bytes() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: no preconditions; zero where the kernel does not tell.
    let told = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } as usize;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let told = 0;
    told
}
