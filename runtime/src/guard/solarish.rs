//! illumos and Solaris.

#[path = "limit.rs"]
mod limit;

use core::mem::MaybeUninit;

use super::answers::solarish::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

// In the libc of both systems (thr_stksegment(3C), thr_main(3C)), and not in the crate of that name. Not stack_getbounds(3C): it tells
// the bounds of the alternate signal stack when called on it.
unsafe extern "C" {
    fn thr_stksegment(stack: *mut libc::stack_t) -> libc::c_int;
    safe fn thr_main() -> libc::c_int;
}

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: about the calling thread; `stack` is valid for writes and read only after success.
    let stack = unsafe {
        if thr_stksegment(stack.as_mut_ptr()) != 0 {
            return None;
        }
        stack.assume_init()
    };
    let (limit, page_bytes) = (limit::stack_limit(), page_bytes());
    Answers { top: stack.ss_sp.addr(), bytes: stack.ss_size, is_main: thr_main() == 1, limit, page_bytes }.bounds()
}
