//! msync(2) tells what is mapped; the word is then read.

use super::mapped::is_mapped;

/// Another thread may unmap the page before it is read: a coroutine's stack that is freed at
/// this very moment; these systems have no better answer.
pub(crate) fn holds(address: usize, word: usize) -> bool {
    // SAFETY: mapped, and aligned as records are. Volatile, because others write there.
    is_mapped(address)
        && unsafe { core::ptr::with_exposed_provenance::<usize>(address).read_volatile() == word }
}
