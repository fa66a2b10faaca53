//! Reading a word that may be anybody's by now, or in memory that is unmapped: a fault is an
//! answer.

use crate::errno;

/// Whether the word at `address` is `word`, as far as its low 32 bits tell. Async-signal-safe.
pub(crate) fn holds(address: usize, word: usize) -> bool {
    let before = errno::get();
    let holds = imp::holds(address, word);
    errno::set(before);
    holds
}

/// The same of any address, for certain: no where the system does not tell.
pub(crate) fn holds_for_certain(address: usize, word: usize) -> bool {
    // Elsewhere the word is read, which faults where memory is mapped and cannot be accessed.
    cfg!(any(target_os = "linux", target_os = "android"))
        && holds(address, word)
        && !holds(address, !word)
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
mod imp {
    use super::errno;
    use crate::checkers::valgrind::without_errors;

    /// The kernel compares: futex(2) with FUTEX_CMP_REQUEUE, which moves nobody here, says 0 for
    /// the same, EAGAIN for another word, and EFAULT for memory that cannot be read.
    /// process_vm_readv does as much, but is slower, and unknown to qemu-user.
    pub(crate) fn holds(address: usize, word: usize) -> bool {
        static NOBODY: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
        let low_half = address
            + if cfg!(all(target_endian = "big", target_pointer_width = "64")) { 4 } else { 0 };
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
            _ if result == 0 => true,
            libc::EAGAIN => false,
            // It may be mapped all the same, and open again when its coroutine goes on.
            libc::EFAULT => without_errors(|| super::is_mapped(address)),
            // Where the kernel refuses to compare at all (a sandbox), nothing is proven.
            _ => true,
        }
    }
}

#[cfg(all(
    unix,
    not(any(target_os = "linux", target_os = "android", miri, target_family = "wasm"))
))]
mod imp {
    /// Another thread may unmap the page before it is read: a coroutine's stack that is freed at
    /// this very moment; these systems have no better answer.
    pub(crate) fn holds(address: usize, word: usize) -> bool {
        // SAFETY: mapped, and aligned as records are. Volatile, because others write there.
        super::is_mapped(address)
            && unsafe {
                core::ptr::with_exposed_provenance::<usize>(address).read_volatile() == word
            }
    }
}

/// Whether the page with the address is mapped, accessible or not: msync(2) tells.
#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
fn is_mapped(address: usize) -> bool {
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

#[cfg(windows)]
mod imp {
    use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
    use windows_sys::Win32::System::Threading::GetCurrentProcess;

    /// The system reads the word, or says that it cannot.
    pub(crate) fn holds(address: usize, word: usize) -> bool {
        let (mut read, mut bytes) = (0_usize, 0);
        // SAFETY: there is room for a word.
        let result = unsafe {
            ReadProcessMemory(
                GetCurrentProcess(),
                core::ptr::without_provenance(address),
                (&raw mut read).cast(),
                size_of::<usize>(),
                &raw mut bytes,
            )
        };
        result != 0 && bytes == size_of::<usize>() && read == word
    }
}

#[cfg(not(any(all(unix, not(any(miri, target_family = "wasm"))), windows)))]
mod imp {
    /// Nothing is ever left here, as nothing is switched.
    pub(crate) fn holds(_address: usize, _word: usize) -> bool {
        true
    }
}
