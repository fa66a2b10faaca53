//! macOS, iOS and family.

#[path = "limit.rs"]
mod limit;

use super::answers::apple::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    // SAFETY: about the calling thread, which exists; no other preconditions.
    let (high, bytes, is_main) = unsafe {
        let this = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(this), libc::pthread_get_stacksize_np(this), libc::pthread_main_np())
    };
    let (limit, page_bytes) = (limit::stack_limit(), page_bytes());
    Answers { high: high.addr(), bytes, is_main: is_main == 1, limit, page_bytes }.bounds()
}
