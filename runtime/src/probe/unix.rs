//! msync(2) tells what is mapped; the word is then read.

use crate::errno;

/// Another thread may unmap the page before it is read: a coroutine's stack that is freed at
/// this very moment; these systems have no better answer.
pub(crate) fn holds(address: usize, word: usize) -> bool {
    // SAFETY: mapped, and aligned as records are. Volatile, because others write there.
    is_mapped(address)
        && unsafe {
            core::ptr::with_exposed_provenance::<usize>(address).read_volatile() == word
        }
}

/// Whether the page with the address is mapped, accessible or not.
fn is_mapped(address: usize) -> bool {
    let page_bytes = crate::stack::memory::page_bytes();
    let page = core::ptr::without_provenance_mut(address & !(page_bytes - 1));
    // SAFETY: asks about a page, whatever is there; nothing is written with MS_ASYNC.
    let result = unsafe { libc::msync(page, page_bytes, libc::MS_ASYNC) };
    result == 0 || errno::get() != libc::ENOMEM
}
