//! What is special on Linux: where stacks lie best, and system calls that nobody intercepts.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use libc::c_void;

use crate::checkers::valgrind;
use crate::process::executable;

/// What stacks have of the protection of those that the program has by itself.
static EXECUTABLE: AtomicI32 = AtomicI32::new(0);

/// Looks at that, while the loader loads this program or library.
pub(crate) fn prepare() {
    if executable::has_executable_stacks() {
        EXECUTABLE.store(libc::PROT_EXEC, Relaxed);
    }
}

pub(super) fn executable_stacks() -> i32 {
    EXECUTABLE.load(Relaxed)
}

/// With transparent huge pages set to "always" the first touch of a stack would commit 2 MiB.
pub(super) fn no_huge_pages(base: *mut c_void, bytes: usize) {
    // SAFETY: advice on a mapping of our own. A kernel without huge pages answers EINVAL, which
    // changes nothing.
    unsafe { madvise(base, bytes, libc::MADV_NOHUGEPAGE) };
}

/// The address that the first stacks are asked for at: below every thread stack, so that a longjmp
/// from a body to its calling stack goes up.
///
/// glibc's fortified longjmp aborts a jump to a lower address ("longjmp causes uninitialized stack
/// frame"). Thread stacks lie near the top of the address space. 128 GiB is below all else that
/// Linux maps by itself; TSan and ASan own other ranges, and the kernel ignores a hint that is
/// taken. Valgrind puts everything else below these addresses, and what comes later above what is
/// there.
#[cfg(target_pointer_width = "64")]
pub(crate) fn first_hint() -> usize {
    if valgrind::is_running() { 0 } else { (128 << 30) + random_offset(120 << 30) }
}

/// Of 3 or 4 GiB, with the heap of a PIE at 0x5655_5000 (x86) or 0x0040_0000 (arm), and that of
/// other programs at 0x0804_8000.
#[cfg(target_pointer_width = "32")]
pub(crate) fn first_hint() -> usize {
    if valgrind::is_running() { 0 } else { 0x2000_0000 + random_offset(0x0400_0000) }
}

/// Keeps the place as hard to guess as the kernel would, and apart from those of other copies of
/// this runtime, which would have to go above the stacks of later threads: less than `below`, from
/// the bits that the kernel drew for this process and from where this copy lies.
fn random_offset(below: usize) -> usize {
    const STEP: usize = if cfg!(target_pointer_width = "64") { 16 << 20 } else { 2 << 20 };
    // SAFETY: getauxval has no preconditions.
    let random = unsafe { libc::getauxval(libc::AT_RANDOM) } as *const usize;
    if random.is_null() {
        return 0;
    }
    // SAFETY: AT_RANDOM points to 16 random bytes (getauxval(3)) that stay for the life of the
    // process.
    let bits = unsafe { random.read_unaligned() };
    let own = random_offset as fn(usize) -> usize as usize / 4096;
    ((bits ^ own.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize)) % below) & !(STEP - 1)
}

// A program may define functions of these names, or preload a library that does: an allocation
// profiler, whose hooks may be guarded callbacks. So the kernel is asked directly, where `mmap` has
// the same arguments as the function (s390x and 32-bit systems have others).
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
mod calls {
    use libc::{c_int, c_void};

    macro_rules! calls {
        ($($number:ident $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
            /// # Safety
            /// As for the system call.
            pub(crate) unsafe fn $name($($argument: $type),*) -> $result {
                // SAFETY: the caller's promise.
                unsafe { libc::syscall(libc::$number, $($argument),*) as $result }
            }
        )* };
    }

    calls! {
        SYS_mmap mmap(at: *mut c_void, bytes: usize, protection: c_int, flags: c_int, file: c_int,
            offset: libc::off_t) -> *mut c_void;
        SYS_munmap munmap(at: *mut c_void, bytes: usize) -> c_int;
        SYS_mprotect mprotect(at: *mut c_void, bytes: usize, protection: c_int) -> c_int;
        SYS_mincore mincore(at: *mut c_void, bytes: usize, pages: *mut libc::c_uchar) -> c_int;
        SYS_madvise madvise(at: *mut c_void, bytes: usize, advice: c_int) -> c_int;
    }
}
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
use libc as calls;

pub(super) use calls::{madvise, mincore, mmap, mprotect, munmap};
