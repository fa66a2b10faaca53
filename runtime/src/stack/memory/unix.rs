//! Stacks from mmap.

use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// No memory is set aside for the address space (NORESERVE), and the kernel is told what it is for (STACK: a must on OpenBSD).
#[cfg(any(target_os = "linux", target_os = "android", target_os = "netbsd"))]
const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
#[cfg(target_os = "openbsd")]
const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_STACK;
// FreeBSD's MAP_STACK makes a mapping that grows, with a guard of its own: not what is wanted here.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "netbsd", target_os = "openbsd")))]
const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANON;

/// Less guards nothing.
pub(crate) const LEAST_GUARD_BYTES: usize = 1;

pub(crate) fn page_bytes() -> usize {
    // SAFETY: sysconf has no preconditions.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).ok().filter(|bytes| bytes.is_power_of_two()).unwrap_or(4096)
}

/// Maps a stack whose lowest `guard_bytes` cannot be accessed, and returns its lowest address.
///
/// # Errors
/// The errno of the call that failed; nothing stays mapped.
pub(crate) fn map(mapped_bytes: usize, guard_bytes: usize) -> Result<usize, i32> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let hint = place(mapped_bytes);
    // SAFETY: a fresh private mapping at an address of the kernel's choice (the hint is no MAP_FIXED) touches nothing that exists.
    let base = unsafe { libc::mmap(hint as *mut libc::c_void, mapped_bytes, protection, FLAGS, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(crate::errno::get());
    }
    // Before the guard area splits the mapping in two.
    no_huge_pages(base, mapped_bytes);
    // SAFETY: [base, base + guard_bytes) is part of the mapping just made, which nobody else knows.
    if unsafe { libc::mprotect(base, guard_bytes, libc::PROT_NONE) } != 0 {
        let error = crate::errno::get();
        unmap(base as usize, mapped_bytes);
        return Err(error);
    }
    Ok(base as usize)
}

pub(crate) fn unmap(base: usize, mapped_bytes: usize) {
    // SAFETY: callers pass a mapping of `map` that no frame and no pointer is left in.
    unsafe { libc::munmap(ptr::with_exposed_provenance_mut(base), mapped_bytes) };
}

/// Gives the memory of a part of a stack back; the addresses stay mapped, and read as zero or as what was there.
///
/// Linux takes the memory at once (and looks only at page tables that exist: nothing to give back costs little). The others have MADV_FREE
/// for that, which takes it when it is needed; their MADV_DONTNEED is no more than a hint for paging.
pub(crate) fn give_back(low: usize, bytes: usize) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const ADVICE: i32 = libc::MADV_DONTNEED;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const ADVICE: i32 = libc::MADV_FREE;
    let errno = crate::errno::get();
    // SAFETY: callers pass a part of a mapping of `map` that no frame is left in, so nobody reads what was there. A failure leaves the
    // memory where it is.
    unsafe { libc::madvise(ptr::with_exposed_provenance_mut(low), bytes, ADVICE) };
    crate::errno::set(errno);
}

/// With transparent huge pages set to "always" the first touch of a stack would commit 2 MiB.
fn no_huge_pages(base: *mut libc::c_void, bytes: usize) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: advice on a mapping of our own. A kernel without huge pages answers EINVAL, which changes nothing.
    unsafe {
        libc::madvise(base, bytes, libc::MADV_NOHUGEPAGE);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (base, bytes);
}

/// Where the next stack should lie: below every thread stack, so that a longjmp from a body to its host goes up.
///
/// glibc's fortified longjmp aborts a jump to a lower address ("longjmp causes uninitialized stack frame").
/// Linux maps thread stacks near the top of 47 bits and the heap of a PIE at 0x55..., so stacks are asked for at
/// 32 TiB and downwards from there; where that is taken, or the address space is smaller, the kernel chooses.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn place(mapped_bytes: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const HIGHEST: usize = 32 << 40;
    const LOWEST: usize = 18 << 40;
    let previous = match NEXT.load(Relaxed) {
        0 => HIGHEST - random_offset(),
        next => next,
    };
    let next = previous.saturating_sub(mapped_bytes);
    // A race only makes two threads ask for the same place; one of them gets another.
    NEXT.store(if next < LOWEST { 0 } else { next }, Relaxed);
    next
}

/// Keeps the place as hard to guess as the kernel would: the same bits that it drew for the address of this code's stack.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn random_offset() -> usize {
    // SAFETY: getauxval has no preconditions.
    let random = unsafe { libc::getauxval(libc::AT_RANDOM) } as *const usize;
    if random.is_null() {
        return 0;
    }
    // SAFETY: AT_RANDOM points to 16 random bytes (getauxval(3)) that stay for the life of the process.
    let bits = unsafe { random.read_unaligned() };
    (bits & 0x3f_ffff_ffff) & !0xffff
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn place(_mapped_bytes: usize) -> usize {
    static _UNUSED: AtomicUsize = AtomicUsize::new(0);
    let _ = Relaxed;
    0
}
