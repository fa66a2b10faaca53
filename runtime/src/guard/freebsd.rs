//! FreeBSD and DragonFly.

#[path = "attributes.rs"]
#[allow(dead_code, reason = "guards lie outside of what is told")]
mod attributes;
#[path = "limit.rs"]
mod limit;

use core::ptr;

use super::answers::{self, freebsd::Answers};
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let attributes::Attributes { low, bytes, .. } = attributes::ask(libc::pthread_attr_get_np)?;
    // SAFETY: no preconditions.
    let is_main = unsafe { libc::pthread_main_np() } == 1;
    let (limit, page_bytes) = (limit::stack_limit(), page_bytes());
    Answers { low, bytes, is_main, limit, kernel_guard_pages: kernel_guard_pages(), page_bytes }.bounds()
}

fn kernel_guard_pages() -> usize {
    let mut pages: libc::c_int = 0;
    let mut bytes = size_of::<libc::c_int>();
    // SAFETY: the name is a C string, `pages` has room for `bytes`, and nothing is set.
    let failed = unsafe {
        let name = c"security.bsd.stack_guard_page";
        libc::sysctlbyname(name.as_ptr(), (&raw mut pages).cast(), &raw mut bytes, ptr::null_mut(), 0) != 0
    };
    answers::freebsd::kernel_guard_pages((!failed).then_some(pages))
}
