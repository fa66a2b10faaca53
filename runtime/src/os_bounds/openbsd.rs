//! OpenBSD.

use core::mem::MaybeUninit;

use super::limit;
use super::rules::Reported;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

/// The top of the main thread is told as the address of the ps_strings ("a rough estimation", says
/// rthread_np.c), which lie some bytes below the true end, so that the limit counted from there
/// reaches into the page below the stack. Hence one page less.
pub(super) fn thread_stack(_sp: usize, _may_call_libc: bool) -> Option<StackBounds> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: about the calling thread; `stack` is valid for writes and read only after success.
    let (stack, is_main) = unsafe {
        if libc::pthread_stackseg_np(libc::pthread_self(), stack.as_mut_ptr()) != 0 {
            return None;
        }
        (stack.assume_init(), libc::pthread_main_np() == 1)
    };
    // `ss_sp` is the top, unlike in sigaltstack; the size is without the guard.
    let reported = Reported::below(stack.ss_sp.addr(), stack.ss_size);
    reported.without(if is_main { page_bytes() } else { 0 }).of(
        is_main,
        limit::stack_limit(),
        page_bytes(),
    )
}
