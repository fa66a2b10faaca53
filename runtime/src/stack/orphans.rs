//! Stacks whose thread has ended while a coroutine was suspended on them, or on the very stack.
//!
//! Whoever finishes the activation of a coroutine only marks the stack idle; the next thread that needs a stack finds it here. Nobody
//! finishes that of a thread that ended by ExitThread, or by pthread_exit where this does not unwind; the stack is free when the thread is gone.

use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;

use super::Header;
use crate::sync::AtomicPtr;
use crate::thread::id;

static FIRST: AtomicPtr<Header> = AtomicPtr::new(ptr::null_mut());

/// Adds a stack that no thread holds.
pub(crate) fn adopt(header: &'static Header) {
    header.holder.store(0, Ordering::Relaxed);
    // Whoever finishes the activation must not give the stack back a second time; who has seen the flag by now sees that it
    // holds no such stack.
    header.is_extra.store(false, Ordering::Relaxed);
    let mut first = FIRST.load(Ordering::Relaxed);
    loop {
        header.next.set(first);
        match FIRST.compare_exchange_weak(first, ptr::from_ref(header).cast_mut(), Ordering::Release, Ordering::Relaxed)
        {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// Gives the stacks back on which nothing lives any more. Takes the whole row with one exchange, so no link is
/// read that another thread could change.
pub(crate) fn collect() {
    if FIRST.load(Ordering::Relaxed).is_null() {
        return;
    }
    let mut next: *const Header = FIRST.swap(ptr::null_mut(), Ordering::Acquire);
    // SAFETY: the exchange made this caller the owner of every stack in the row, and they are mapped.
    while let Some(header) = unsafe { next.as_ref() } {
        next = header.next.get();
        if header.is_idle() || is_left(header) {
            header.set_idle();
            header.ended_by.set(0);
            header.shrink();
            // SAFETY: idle, owned by this caller, and not the stack that this runs on, which is no orphan.
            unsafe { super::put(NonNull::from(header)) };
        } else {
            adopt(header);
        }
    }
}

/// Whether the thread that ended on the stack is gone. It runs there until its last instruction.
fn is_left(header: &Header) -> bool {
    let thread = header.ended_by.get();
    thread != 0 && id::has_ended(thread)
}
