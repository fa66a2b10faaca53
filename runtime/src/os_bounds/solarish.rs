//! illumos and Solaris.

use core::mem::MaybeUninit;

use super::limit;
use super::rules::Reported;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

// In the libc of both systems (thr_stksegment(3C), thr_main(3C)), and not in the crate of that
// name. Not stack_getbounds(3C): called on the alternate signal stack it tells the bounds of that.
unsafe extern "C" {
    fn thr_stksegment(stack: *mut libc::stack_t) -> libc::c_int;
    safe fn thr_main() -> libc::c_int;
}

/// Guards lie below what is told (find_stack in usr/src/lib/libc/port/threads/thr.c). The size is
/// zero for a main thread without a limit.
pub(super) fn thread_stack(_sp: usize, _may_call_libc: bool) -> Option<StackBounds> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: about the calling thread; `stack` is valid for writes and read only after success.
    let stack = unsafe {
        if thr_stksegment(stack.as_mut_ptr()) != 0 {
            return None;
        }
        stack.assume_init()
    };
    // `ss_sp` is the top, unlike in sigaltstack.
    Reported::below(stack.ss_sp.addr(), stack.ss_size).of(
        thr_main() == 1,
        limit::stack_limit(),
        page_bytes(),
    )
}
