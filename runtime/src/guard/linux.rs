//! Linux (glibc and musl) and Android.
//!
//! Threads made by the C library: `pthread_getattr_np` is exact. Main thread: it grows on demand, so its end is a matter of
//! the resource limit, and the C libraries differ (glibc parses /proc/self/maps in 31 us and fails without /proc; musl tells only the
//! extent of the moment; bionic aborts without /proc). So the main thread is computed here, from what the kernel left at the
//! top of its stack.

#[path = "attributes.rs"]
mod attributes;
#[path = "limit.rs"]
mod limit;

use super::answers::linux::{Main, Told, choose};
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(sp: usize) -> Option<StackBounds> {
    let end = main_stack_end();
    if let Some(bounds) = bounds_of_usual_thread(sp, end) {
        return Some(bounds);
    }
    let main = main_bounds(end);
    if main.is_some_and(|main| is_main_thread_of_glibc(sp, main)) {
        return main;
    }
    if may_be_main_thread() { choose(sp, main, told_bounds_of_main) } else { told_bounds() }
}

/// The bounds of a thread that calls on its own stack, far away from the main one: it cannot be the main thread, so that the two system
/// calls which tell are not made. Not on Android: see [`told_bounds_of_main`].
fn bounds_of_usual_thread(sp: usize, end: Option<(usize, bool)>) -> Option<StackBounds> {
    let (main_high, _) = end?;
    if cfg!(target_os = "android") || sp.abs_diff(main_high) < FAR_BYTES {
        return None;
    }
    told_bounds().filter(|told| told.contains(sp) && !told.contains(main_high - 1))
}

/// No other stack lies so close to the end of the main one, where the layout of addresses is the usual one.
const FAR_BYTES: usize = 128 << 20;

/// Whether this is the main thread, on its own stack: again without the two system calls. On the main stack there may be another
/// thread as well, to which the program has given a part of it; but glibc keeps a thread's descriptor in the stack
/// of the thread, and that of the main thread elsewhere.
fn is_main_thread_of_glibc(sp: usize, main: StackBounds) -> bool {
    // SAFETY: no preconditions. In glibc what it returns is the address of the descriptor.
    let descriptor = || unsafe { libc::pthread_self() } as usize;
    cfg!(all(target_os = "linux", target_env = "gnu")) && main.contains(sp) && !main.contains(descriptor())
}

fn may_be_main_thread() -> bool {
    // SAFETY: both calls read process state and have no preconditions. The system call because glibc has had gettid only since 2.30.
    unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
}

/// What the C library says of the calling thread.
fn told_bounds() -> Option<StackBounds> {
    let attributes::Attributes { low, bytes, guard_bytes } = attributes::ask(libc::pthread_getattr_np)?;
    let guard_inside_bytes = if guard_is_inside() { guard_bytes } else { 0 };
    Told { low, bytes, guard_inside_bytes }.bounds()
}

/// The same for a thread with tid == pid. bionic takes every such thread for the main one, so there is nothing to learn from it.
fn told_bounds_of_main() -> Option<StackBounds> {
    if cfg!(target_os = "android") { None } else { told_bounds() }
}

#[cfg(target_env = "gnu")]
fn guard_is_inside() -> bool {
    // SAFETY: returns a constant string of libc.
    let version = unsafe { core::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    super::answers::linux::is_before_2_27(version.to_bytes())
}

/// musl counts the guard out, bionic in.
#[cfg(not(target_env = "gnu"))]
fn guard_is_inside() -> bool {
    cfg!(target_os = "android")
}

fn main_bounds(end: Option<(usize, bool)>) -> Option<StackBounds> {
    let (high, is_exact) = end?;
    Main { high, is_exact, limit: limit::stack_limit(), page_bytes: page_bytes() }.bounds()
}

/// The end of the main thread's stack, and whether it is exact.
///
/// The kernel puts the name of the executable at the very end, followed by a zero byte and a zero word, and tells where
/// (AT_EXECFN, since 2.6.26). Some emulators do not; then the random bytes of AT_RANDOM, in the same area, are a lower bound.
fn main_stack_end() -> Option<(usize, bool)> {
    // SAFETY: getauxval has no preconditions.
    let (name, random) = unsafe { (libc::getauxval(libc::AT_EXECFN), libc::getauxval(libc::AT_RANDOM)) };
    if name != 0 {
        // SAFETY: AT_EXECFN points to a NUL-terminated string that lives as long as the process (getauxval(3)).
        let bytes = unsafe { libc::strlen(name as *const libc::c_char) };
        let end = (name as usize + bytes + 1 + size_of::<usize>()).checked_next_multiple_of(page_bytes())?;
        return Some((end, true));
    }
    (random != 0).then_some((random as usize, false))
}
