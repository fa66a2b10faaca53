//! Hearing of a thread's end, to give its stacks back.

#[cfg(unix)]
mod pthread;
#[cfg(unix)]
pub(crate) use pthread::watch;

/// Elsewhere no thread keeps a stack, so there is nothing to give back.
#[cfg(not(unix))]
pub(crate) fn watch() -> bool {
    false
}

use core::ptr;

use super::{NO_STACK, Thread, with};
use crate::report::overflow;
use crate::stack::{self, Header};
use crate::switch;

/// Gives back what the calling thread holds, and lets it hold nothing more: a callback that arrives later, from
/// another destructor, takes a stack for itself alone.
#[cfg_attr(not(unix), expect(dead_code, reason = "called when a thread ends, where that can be heard of"))]
fn give_back() {
    overflow::uncover_thread();
    with(|thread| {
        thread.dying.set(true);
        thread.hot().stack.set(&raw const NO_STACK);
        while let Some(header) = thread.held().next() {
            thread.unlink(header);
            if outlives(thread, header) {
                stack::orphans::adopt(header);
            } else {
                header.set_idle();
                // SAFETY: its activation, if any, was called from this thread's own stack, whose frames are gone now.
                unsafe { stack::put(ptr::NonNull::from(header)) };
            }
        }
    });
}

/// Gives back what the calling thread and the process keep for later. Bodies may be running, also on this thread (a body
/// may call `exit`), so what is in use stays.
#[cfg_attr(not(unix), expect(dead_code, reason = "called when the library is unloaded, where that can be heard of"))]
fn give_back_idle() {
    with(|thread| {
        thread.dying.set(true);
        thread.hot().stack.set(&raw const NO_STACK);
        while let Some(header) = thread.held().find(|header| header.is_idle()) {
            // SAFETY: no activation lives on it, so SP is not on it either.
            unsafe { thread.release(header) };
        }
    });
    stack::orphans::collect();
    stack::pool::drain();
}

/// Whether the stack may still be in use when the thread is gone: because this very code runs on it (pthread_exit in a
/// body, on systems that do not unwind), or because a coroutine suspended on it can be resumed elsewhere.
fn outlives(thread: &Thread, header: &Header) -> bool {
    let host = header.host.load(core::sync::atomic::Ordering::Acquire);
    let on_own_stack = thread.thread_stack().is_some_and(|bounds| bounds.contains(host));
    header.contains(switch::stack_pointer()) || !(host == stack::IDLE || on_own_stack)
}
