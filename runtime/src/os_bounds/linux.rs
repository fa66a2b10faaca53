//! Linux and Android.
//!
//! Threads that the C library made: their bounds are exact. A thread of glibc is read from its
//! [`descriptor`], without a call; musl and bionic fill the attributes from fields of the thread,
//! without a lock and without malloc.
//!
//! Main thread: its stack grows on demand, so its end is a matter of the resource limit, and the C
//! libraries differ (glibc parses /proc/self/maps in 31 us and fails without /proc; musl tells the
//! extent of the moment; bionic aborts without /proc). So it is computed here, from what the kernel
//! left at the top of the stack.

#[cfg(target_env = "gnu")]
mod descriptor;
mod maps;

use super::rules::{self, MainThread};
use super::{attributes, limit};
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;
use crate::switch::OsStack;

/// Whether pthread_getattr_np may be called everywhere. In glibc it takes a lock and calls realloc.
const GETATTR_IS_SIGNAL_SAFE: bool = cfg!(any(target_env = "musl", target_os = "android"));

pub(crate) fn thread_stack(
    sp: usize,
    _os_stack: &OsStack,
    may_call_libc: bool,
) -> Option<StackBounds> {
    // First, so that a main thread's context which is resumed on another thread, or the child of a
    // fork that another thread made, is not taken for the main thread.
    #[cfg(target_env = "gnu")]
    if let Some(bounds) = descriptor::thread_stack() {
        return Some(bounds);
    }
    if !may_be_main_thread() {
        return told_bounds(may_call_libc);
    }
    // glibc has told by its descriptors who is not the main thread, so that it is not asked again.
    let main = main_bounds();
    rules::choose(sp, main, || told_bounds(may_call_libc && main.is_none()))
}

fn may_be_main_thread() -> bool {
    // SAFETY: both calls read process state and have no preconditions. The system call because
    // glibc has had gettid only since 2.30.
    unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
}

/// What the C library says of the calling thread.
fn told_bounds(may_call_libc: bool) -> Option<StackBounds> {
    // bionic takes every thread with tid == pid for the main one: there is nothing to learn.
    let tells = !(cfg!(target_os = "android") && may_be_main_thread());
    let may_ask = tells && (may_call_libc || GETATTR_IS_SIGNAL_SAFE);
    let (reported, guard_bytes) = may_ask.then(|| attributes::ask(libc::pthread_getattr_np))??;
    // bionic counts the guard in, the others count it out (glibc since 2.27; before, threads are
    // read from their descriptors).
    let unusable_bytes = if cfg!(target_os = "android") { guard_bytes } else { 0 };
    reported.without(unusable_bytes).of_thread()
}

fn main_bounds() -> Option<StackBounds> {
    let (high, is_exact) = main_stack_end()?;
    let (limit, page_bytes) = (limit::stack_limit(), page_bytes());
    let main = MainThread { high, is_exact, limit, page_bytes };
    main.bounds(|| maps::lowest_free(high - 1, page_bytes))
}

/// The end of the main thread's stack, and whether it is exact.
///
/// The kernel puts the name of the executable at the very end, followed by a zero byte and a zero
/// word, and tells where (AT_EXECFN, since 2.6.26). Some emulators do not, and where the loader of
/// glibc is run with the program as its argument, it tells where that argument is; then this, or
/// the random bytes of AT_RANDOM in the same area, are a lower bound.
fn main_stack_end() -> Option<(usize, bool)> {
    // SAFETY: getauxval has no preconditions.
    let (name, random) =
        unsafe { (libc::getauxval(libc::AT_EXECFN), libc::getauxval(libc::AT_RANDOM)) };
    if name != 0 {
        // SAFETY: AT_EXECFN points to a NUL-terminated string that lives as long as the process
        // (getauxval(3)).
        let bytes = unsafe { libc::strlen(name as *const libc::c_char) };
        let end = name as usize + bytes + 1;
        let high = (end + size_of::<usize>()).checked_next_multiple_of(page_bytes())?;
        // The word is one of the kernel's, which may be larger than this program's.
        let is_last = high - end <= size_of::<u64>()
            // SAFETY: the rest of a page of which the name is a part.
            && (end..high).all(|at| unsafe { *core::ptr::with_exposed_provenance::<u8>(at) } == 0);
        return Some(if is_last { (high, true) } else { (end, false) });
    }
    (random != 0).then_some((random as usize, false))
}
