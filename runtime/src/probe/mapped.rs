//! msync(2) tells whether a page is mapped, accessible or not.

use crate::errno;

/// Whether the page with the address is.
pub(super) fn is_mapped(address: usize) -> bool {
    let page_bytes = crate::stack::memory::page_bytes();
    let page = core::ptr::without_provenance_mut::<libc::c_void>(address & !(page_bytes - 1));
    // SAFETY: asks about a page, whatever is there; nothing is written with MS_ASYNC.
    let is_mapped = unsafe {
        // Where the kernel can be asked directly it is, as a thread may be cancelled in msync.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let failed = libc::syscall(libc::SYS_msync, page, page_bytes, libc::MS_ASYNC);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let failed = libc::msync(page, page_bytes, libc::MS_ASYNC);
        failed == 0
    };
    is_mapped || errno::get() != libc::ENOMEM
}
