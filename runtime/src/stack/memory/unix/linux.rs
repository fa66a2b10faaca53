//! What Linux wants to hear of a stack, and where stacks lie best.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// With transparent huge pages set to "always" the first touch of a stack would commit 2 MiB.
pub(super) fn no_huge_pages(base: *mut libc::c_void, bytes: usize) {
    // SAFETY: advice on a mapping of our own. A kernel without huge pages answers EINVAL, which changes nothing.
    unsafe { libc::madvise(base, bytes, libc::MADV_NOHUGEPAGE) };
}

/// The addresses that stacks are asked for at: below every thread stack, so that a longjmp from a body to its host goes up.
///
/// glibc's fortified longjmp aborts a jump to a lower address ("longjmp causes uninitialized stack frame"). Thread stacks lie near the
/// top of the address space, of 47 or 48 bits, and the heap of a PIE at two thirds of it (on powerpc64 above 4 GiB). Where the
/// address space is smaller (39 bits on some aarch64 and riscv64) the kernel ignores the hint.
#[cfg(all(target_pointer_width = "64", not(target_arch = "s390x")))]
const PLACES: Option<core::ops::Range<usize>> = Some(18 << 40..32 << 40);
/// Of 3 or 4 GiB, with the heap of a PIE at 0x5655_5000 and that of other programs at 0x0804_8000.
#[cfg(target_arch = "x86")]
const PLACES: Option<core::ops::Range<usize>> = Some(0x2000_0000..0x5000_0000);
/// Of 3 GiB, with the heap of a PIE at 0x0040_0000.
#[cfg(target_arch = "arm")]
const PLACES: Option<core::ops::Range<usize>> = Some(0x2000_0000..0x4000_0000);
/// Of 4 TiB, with the heap of a PIE at two thirds of it: a mapping above makes the kernel add a level to the page tables.
#[cfg(target_arch = "s390x")]
const PLACES: Option<core::ops::Range<usize>> = Some(1 << 40..2 << 40);
#[cfg(not(any(target_arch = "x86", target_arch = "arm", target_pointer_width = "64")))]
const PLACES: Option<core::ops::Range<usize>> = None;

/// Where the next stack should lie, from the highest of [`PLACES`] downwards; where that is taken, the kernel chooses.
pub(super) fn place(mapped_bytes: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let Some(places) = PLACES else { return 0 };
    let previous = match NEXT.load(Relaxed) {
        0 => places.end - random_offset((places.end - places.start) / 8),
        next => next,
    };
    let next = previous.saturating_sub(mapped_bytes);
    // A race only makes two threads ask for the same place; one of them gets another.
    NEXT.store(if next < places.start { 0 } else { next }, Relaxed);
    next
}

/// Keeps the place as hard to guess as the kernel would: less than `below`, in steps of the largest page size, from the bits that it drew for
/// this process.
fn random_offset(below: usize) -> usize {
    // SAFETY: getauxval has no preconditions.
    let random = unsafe { libc::getauxval(libc::AT_RANDOM) } as *const usize;
    if random.is_null() {
        return 0;
    }
    // SAFETY: AT_RANDOM points to 16 random bytes (getauxval(3)) that stay for the life of the process.
    let bits = unsafe { random.read_unaligned() };
    (bits % below) & !0xffff
}
