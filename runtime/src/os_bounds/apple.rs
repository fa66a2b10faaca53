//! macOS, iOS and family.

use super::limit;
use super::rules::Reported;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

/// The size of the main thread has had several meanings. 10.9 tells 512 KiB where there are 8 MiB
/// (os_bsd_x86.cpp of OpenJDK works around it): too little switches early, which harms nobody.
/// Later systems tell the limit that they saw when they were first asked
/// (pthread_get_stacksize_np in Apple's libpthread), so the smaller of that and the limit of the
/// moment is taken. OpenJDK has seen limits that are no multiple of a page told as they are.
///
/// Rust's std makes the lowest page of the main stack a guard in programs whose `main` is Rust's
/// (`install_main_guard_default` in std/src/sys/pal/unix/stack_overflow.rs).
pub(super) fn thread_stack(_sp: usize, _may_call_libc: bool) -> Option<StackBounds> {
    // SAFETY: about the calling thread, which exists; no other preconditions.
    let (high, bytes, is_main) = unsafe {
        let this = libc::pthread_self();
        // The address is the high end.
        let high = libc::pthread_get_stackaddr_np(this).addr();
        (high, libc::pthread_get_stacksize_np(this), libc::pthread_main_np() == 1)
    };
    let guard_bytes = if is_main { page_bytes() } else { 0 };
    Reported::below(high, bytes).without(guard_bytes).of(
        is_main,
        limit::stack_limit(),
        page_bytes(),
    )
}
