//! NetBSD.

#[path = "attributes.rs"]
#[allow(dead_code, reason = "guards lie outside of what is told")]
mod attributes;
#[path = "limit.rs"]
mod limit;

use super::answers::netbsd::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let attributes::Attributes { low, bytes, .. } = attributes::ask(libc::pthread_getattr_np)?;
    // SAFETY: no preconditions. The first of a process's threads has the number 1.
    let is_main = unsafe { libc::_lwp_self() } == 1;
    Answers { low, bytes, is_main, limit: limit::stack_limit(), page_bytes: page_bytes() }.bounds()
}
