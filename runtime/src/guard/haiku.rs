//! Haiku.

use core::mem::MaybeUninit;

use super::answers::haiku::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let mut info = MaybeUninit::<libc::thread_info>::uninit();
    // SAFETY: about the calling thread; `info` is valid for writes and read only after success.
    let info = unsafe {
        if libc::get_thread_info(libc::find_thread(core::ptr::null()), info.as_mut_ptr()) != 0 {
            return None;
        }
        info.assume_init()
    };
    Answers { low: info.stack_base.addr(), high: info.stack_end.addr(), page_bytes: page_bytes() }.bounds()
}
