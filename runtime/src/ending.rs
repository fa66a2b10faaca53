//! The end of a thread, and of the library: what is kept for later is given back.

use core::sync::atomic::{AtomicUsize, Ordering::*};

use crate::cfg_if::cfg_if;
use crate::diagnostics::overflow;
use crate::stack::{Header, IS_CLOSED, arena, pool, table};
use crate::switch;
use crate::thread::signal_mask::Blocked;
use crate::thread::{self, Thread, exit, tls};
use crate::{errno, liveness};

// Each file has what the loader calls, and `link()`, which makes the linker take that along. No
// `#[used]`: programs that never come here need nothing of it.
cfg_if! {
    if #[cfg(all(target_vendor = "apple", not(miri)))] {
        #[path = "ending/apple.rs"]
        mod imp;
    } else if #[cfg(known_unix)] {
        #[path = "ending/elf.rs"]
        mod imp;
    } else if #[cfg(windows)] {
        #[path = "ending/windows.rs"]
        mod imp;
    } else {
        #[path = "ending/none.rs"]
        mod imp;
    }
}

/// Makes everything that a thread's state needs of the process. Done when the program or library is
/// loaded, where that can be; otherwise at the first use.
pub(crate) fn prepare_process() {
    imp::link();
    tls::find_place(exit::prepare(thread_ends));
}

/// Calls what the slow path calls before it has left the calling stack: where functions of other
/// libraries are bound at their first call (`ld -z lazy`), the loader takes 3 KiB of the stack for
/// that.
#[allow(dead_code, reason = "for loaders that do so")]
fn bind() {
    errno::set(errno::get());
    drop(Blocked::all());
    core::hint::black_box(tls::words());
}

/// Whether the calling thread is ending: its state was ended, and destructors still run.
pub(crate) fn has_begun_to_end() -> bool {
    tls::words().is_some_and(tls::Words::has_ended)
}

/// How many threads are in [`thread_ends`].
static ENDING: AtomicUsize = AtomicUsize::new(0);

/// Waits for the threads that are ending: what they run is about to be unmapped. Not for ever: in
/// the child of a fork they are gone.
fn wait_for_ending_threads() {
    for _ in 0..1000 {
        if ENDING.load(Acquire) == 0 {
            return;
        }
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
}

/// Called with the state of a thread that ends; on Windows with null, for the calling thread.
unsafe extern "C" fn thread_ends(state: *mut u8) {
    ENDING.fetch_add(1, AcqRel);
    // SAFETY: the state of the calling thread, which lives in the header of its first stack.
    let state = unsafe { state.cast::<Thread>().as_ref() };
    state.or_else(thread::current).inspect(|thread| end_thread(thread));
    ENDING.fetch_sub(1, AcqRel);
}

fn end_thread(thread: &Thread) {
    let _blocked = Blocked::all();
    overflow::uncover_thread(thread.first());
    let sp = switch::stack_pointer();
    liveness::restore_teb(thread, sp);
    if let Some(header) = outermost(thread) {
        // Windows: the system frees the stack that the TEB tells of, which must be the thread's
        // own.
        header.switch.os.set_freed_at_end();
    }
    thread.end();
    liveness::thread_ends(thread, sp);
}

/// The stack that was entered first of those that the system is told of now, one from another.
fn outermost(thread: &Thread) -> Option<&'static Header> {
    let mut outermost = thread.held().find(|header| header.switch.os.is_told())?;
    for _ in 0..thread.held_count() {
        let calling = outermost.switch.os.calling_stack().get();
        let Some(next) = thread.held().find(|header| header.os_stack.get().is_same(&calling))
        else {
            break;
        };
        outermost = next;
    }
    Some(outermost)
}

/// The library is closed, or the process ends.
#[allow(dead_code, reason = "called where that can be heard of")]
fn library_ends(is_closed: bool) {
    #[cfg(feature = "stats")]
    crate::diagnostics::report::at_exit();
    overflow::uninstall();
    if !is_closed {
        return;
    }
    // Before the stacks of threads that end count as those of a closed library.
    exit::forget();
    wait_for_ending_threads();
    if !IS_CLOSED.swap(true, AcqRel) {
        if let Some(thread) = thread::current() {
            overflow::uncover_thread(thread.first());
            thread.end();
        }
        tls::forget_place();
        release_all();
    }
}

/// The library is closed, or the process ends, when other threads go on to call it; nobody knows.
/// Stacks stay; threads that end do not come back into what may be unmapped.
#[allow(dead_code, reason = "called where the system does not tell which")]
fn library_may_be_closed() {
    library_ends(false);
    tls::forget_place();
    exit::forget();
}

/// Unmaps all stacks that nothing lives on. Nobody calls the library any more but its destructors,
/// on this thread, which from now on keeps no stack; and no thread comes back into it but for
/// bodies that are suspended.
fn release_all() {
    let _blocked = Blocked::all();
    let sp = switch::stack_pointer();
    // The iterator has read the link to the next stack when it yields one.
    for header in table::forget_all() {
        if header.is_idle() && !header.contains(sp) {
            // SAFETY: whole, idle, and nobody takes it any more.
            unsafe { pool::unmap(header) };
        }
    }
    arena::release_unused();
}
