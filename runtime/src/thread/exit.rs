//! Hearing of a thread's end, to give its stacks back.

#[cfg(unix)]
mod pthread;
#[cfg(unix)]
pub(crate) use pthread::watch;

#[cfg(windows)]
mod callback;
#[cfg(windows)]
pub(crate) use callback::watch;

/// Elsewhere no thread keeps a stack, so there is nothing to give back.
#[cfg(not(any(unix, windows)))]
pub(crate) fn watch() -> bool {
    false
}

use super::{Mark, with};
use crate::report::overflow;
use crate::switch::{self, Told};
use crate::{reclaim, settings, stack};

/// Gives back what the calling thread holds. A callback that arrives later, from another destructor, gives its stack back
/// when it ends, and asks to be called here once more in case that it never does.
#[cfg_attr(
    not(any(unix, windows)),
    expect(dead_code, reason = "called when a thread ends, where that can be heard of")
)]
fn give_back() {
    super::settle_at_end();
    if let Some(header) = super::system_stack(switch::stack_pointer()) {
        header.ended_by.set(super::id::current());
    }
    overflow::uncover_thread();
    with(|thread| {
        thread.set_dying();
        // No frame of this thread lives any more but those of destructors.
        let mark = Mark::new();
        thread.enter_cold(&mark);
        if thread.held().any(|header| !header.is_idle()) {
            // Which of them are dead depends on whether their hosts were on the thread stack.
            thread.find_bounds(switch::stack_pointer(), &Told::now());
        }
        reclaim::thread_ends(thread);
        while let Some(header) = thread.held().next() {
            if header.is_idle() {
                header.shrink();
                // SAFETY: no activation lives on it, and SP is not on it: code that runs on a stack is part of its activation.
                unsafe { thread.release(header) };
            } else {
                thread.unlink(header);
                stack::orphans::adopt(header);
            }
        }
        thread.end_cold();
    });
    stack::orphans::collect();
}

/// Tells what the callbacks have done, where somebody wants to know. Called once, at the end of the process or of the library.
#[cfg_attr(
    not(any(unix, windows)),
    expect(dead_code, reason = "called when the library is unloaded, where that can be heard of")
)]
fn report() {
    #[cfg(feature = "stats")]
    crate::report::summary::at_exit();
}

/// Gives back what the calling thread and the process keep for later, and keeps nothing from now on. Bodies may be running, also
/// on this thread (a body may call `exit`), so what is in use stays.
#[cfg_attr(
    not(any(unix, windows)),
    expect(dead_code, reason = "called when the library is unloaded, where that can be heard of")
)]
fn give_back_idle() {
    with(|thread| {
        thread.set_dying();
        let mark = Mark::new();
        if !thread.begin_cold(&mark, switch::stack_pointer()) {
            return;
        }
        while let Some(header) = thread.held().find(|header| header.is_idle()) {
            // SAFETY: no activation lives on it, so SP is not on it either.
            unsafe { thread.release(header) };
        }
        thread.end_cold();
    });
    settings::keep_no_spare_stacks();
    stack::orphans::collect();
    stack::pool::drain();
}
