//! FreeBSD and DragonFly.

use core::ptr;

use super::{attributes, limit, rules};
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;

/// The kernel never lets a stack that grows have its lowest pages (vm_map_growstack in
/// sys/vm/vm_map.c). They lie inside of what is told for the main thread. The stacks of other
/// threads grow as well (thr_stack.c of libthr maps them with MAP_STACK), and there these pages may
/// come on top of the guard that libthr keeps below its stacks (OpenJDK's port has met that), so
/// they are taken off too.
pub(super) fn thread_stack(_sp: usize, may_call_libc: bool) -> Option<StackBounds> {
    // pthread_attr_init of libthr allocates.
    let (reported, _) = may_call_libc.then(|| attributes::ask(libc::pthread_attr_get_np))??;
    // SAFETY: no preconditions.
    let is_main = unsafe { libc::pthread_main_np() } == 1;
    let unusable_bytes = kernel_guard_pages().checked_mul(page_bytes())?;
    reported.without(unusable_bytes).of(is_main, limit::stack_limit(), page_bytes())
}

fn kernel_guard_pages() -> usize {
    let mut pages: libc::c_int = 0;
    let mut bytes = size_of::<libc::c_int>();
    let (name, pages_at) = (c"security.bsd.stack_guard_page", (&raw mut pages).cast());
    // SAFETY: the name is a C string, `pages` has room for `bytes`, and nothing is set.
    let is_known = unsafe {
        libc::sysctlbyname(name.as_ptr(), pages_at, &raw mut bytes, ptr::null_mut(), 0) == 0
    };
    rules::kernel_guard_pages(is_known.then_some(pages))
}
