//! Stacks from mmap.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
use linux::{no_huge_pages, place};

use core::ptr;

pub(crate) const SUPPORTED: bool = true;

/// OpenBSD kills a process whose SP is found in memory that was not mapped as a stack (mmap(2), MAP_STACK).
pub(crate) const STATIC_MAY_BE_STACK: bool = !cfg!(target_os = "openbsd");

/// The kernel is told what the mapping is for (STACK), and sets no memory aside for the address space (NORESERVE).
#[cfg(any(target_os = "linux", target_os = "android", target_os = "netbsd"))]
const FLAGS: i32 = libc::MAP_STACK | libc::MAP_NORESERVE;
/// A must, see above.
#[cfg(target_os = "openbsd")]
const FLAGS: i32 = libc::MAP_STACK;
/// These set memory aside for whatever is mapped, unless told otherwise.
#[cfg(any(target_os = "illumos", target_os = "solaris", target_os = "haiku"))]
const FLAGS: i32 = libc::MAP_NORESERVE;
/// FreeBSD's MAP_STACK makes a mapping that grows, with guard pages of its own: not what is wanted here.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
    target_os = "haiku",
)))]
const FLAGS: i32 = 0;

/// Apple's systems take a tag in place of the file; vmmap and crash reports show the mapping as a stack (VM_MEMORY_STACK is 30 in
/// mach/vm_statistics.h, and VM_MAKE_TAG shifts it by 24).
#[cfg(target_vendor = "apple")]
const FILE: i32 = 30 << 24;
#[cfg(not(target_vendor = "apple"))]
const FILE: i32 = -1;

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
// A part of its only caller's frame: two frames take 48 bytes more of the host (aarch64, release).
#[inline(always)]
pub(crate) fn map(mapped_bytes: usize, guard_bytes: usize) -> Result<usize, i32> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | FLAGS;
    let hint = ptr::without_provenance_mut(place(mapped_bytes));
    // SAFETY: a fresh private mapping at an address of the kernel's choice (the hint is no MAP_FIXED) touches nothing that exists.
    let base = unsafe { libc::mmap(hint, mapped_bytes, protection, flags, FILE, 0) };
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

/// Elsewhere the kernel chooses the place.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn place(_mapped_bytes: usize) -> usize {
    0
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn no_huge_pages(_base: *mut libc::c_void, _bytes: usize) {}

/// Pages asked for at a time: the answer lies on a stack of which little may be left.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PAGES_AT_A_TIME: usize = 64;

/// The lowest page of `low..high`, both page aligned, that was touched since it was mapped or given back; `high` if none was. `None`
/// where the system does not tell.
///
/// Linux tells by mincore(2), for private memory that is not swapped out.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn lowest_touched(low: usize, high: usize) -> Option<usize> {
    let page = page_bytes();
    let errno = crate::errno::get();
    let mut at = low;
    let mut touched = [0_u8; PAGES_AT_A_TIME];
    while at < high {
        let bytes = (PAGES_AT_A_TIME * page).min(high - at);
        // SAFETY: asks only; there is room for an answer of one byte for each page.
        if unsafe { libc::mincore(at as *mut libc::c_void, bytes, touched.as_mut_ptr().cast()) } != 0 {
            crate::errno::set(errno);
            return None;
        }
        if let Some(first) = touched[..bytes / page].iter().position(|byte| byte & 1 != 0) {
            return Some(at + first * page);
        }
        at += bytes;
    }
    Some(high)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn lowest_touched(_low: usize, _high: usize) -> Option<usize> {
    None
}

/// Whether a stack could be mapped below the one in use: not asked here.
pub(crate) fn has_place_below(_bytes: usize) -> bool {
    true
}
