//! futex(2), and msync(2) for what cannot be read.

use super::mapped::is_mapped;
use crate::checkers::valgrind::without_errors;
use crate::errno;

/// The kernel compares: futex(2) with FUTEX_CMP_REQUEUE, which moves nobody here, says 0 for
/// the same, EAGAIN for another word, and EFAULT for memory that cannot be read.
/// process_vm_readv does as much, but is slower, and unknown to qemu-user. `None`: nothing was
/// compared.
pub(crate) fn compare(address: usize, word: usize) -> Option<bool> {
    static NOBODY: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
    let low_half =
        address + if cfg!(all(target_endian = "big", target_pointer_width = "64")) { 4 } else { 0 };
    let operation = libc::FUTEX_CMP_REQUEUE | libc::FUTEX_PRIVATE_FLAG;
    let target = NOBODY.as_ptr();
    let result = without_errors(|| {
        // SAFETY: the kernel reads one word, or says that it cannot; nobody waits at either
        // address for this operation to move.
        unsafe {
            libc::syscall(libc::SYS_futex, low_half, operation, 0, 0_usize, target, word as u32)
        }
    });
    match errno::get() {
        _ if result == 0 => Some(true),
        libc::EAGAIN => Some(false),
        _ => None,
    }
}

pub(crate) fn holds(address: usize, word: usize) -> bool {
    compare(address, word).unwrap_or_else(|| match errno::get() {
        // It may be mapped all the same, and open again when its coroutine goes on.
        libc::EFAULT => without_errors(|| is_mapped(address)),
        // Where the kernel refuses to compare at all (a sandbox), nothing is proven.
        _ => true,
    })
}
