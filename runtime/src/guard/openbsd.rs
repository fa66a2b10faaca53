//! OpenBSD.

#[path = "limit.rs"]
mod limit;

use core::mem::MaybeUninit;

use super::answers::openbsd::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: about the calling thread; `stack` is valid for writes and read only after success.
    let (stack, is_main) = unsafe {
        if libc::pthread_stackseg_np(libc::pthread_self(), stack.as_mut_ptr()) != 0 {
            return None;
        }
        (stack.assume_init(), libc::pthread_main_np() == 1)
    };
    let (limit, page_bytes) = (limit::stack_limit(), page_bytes());
    Answers { top: stack.ss_sp.addr(), bytes: stack.ss_size, is_main, limit, page_bytes }.bounds()
}
