//! NetBSD.

use super::{attributes, limit};
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

/// Guard areas lie below what is told. The main thread's size is the limit at the time when
/// libpthread was initialised (pthread__initmainstack in lib/libpthread/pthread.c), below
/// AT_STACKBASE.
pub(super) fn thread_stack(_sp: usize, may_call_libc: bool) -> Option<StackBounds> {
    // pthread_getattr_np allocates the private part of the attributes.
    let (reported, _) = may_call_libc.then(|| attributes::ask(libc::pthread_getattr_np))??;
    // SAFETY: no preconditions. The first of a process's threads has the number 1.
    let is_main = unsafe { libc::_lwp_self() } == 1;
    reported.of(is_main, limit::stack_limit(), page_bytes())
}
