//! Memory from mmap.

use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::cfg_if::cfg_if;
use crate::errno;

cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "android"))] {
        #[path = "unix/linux.rs"]
        mod linux;
        use linux::{executable_stacks, madvise, mincore, mmap, mprotect, munmap, no_huge_pages};
        pub(crate) use linux::{first_hint, prepare};
    } else {
        #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
        use libc::mincore;
        use libc::{madvise, mmap, mprotect, munmap};

        /// Nothing has to be known beforehand.
        #[allow(dead_code, reason = "called on ELF systems")]
        pub(crate) fn prepare() {}

        /// The kernel chooses the place.
        pub(crate) fn first_hint() -> usize {
            0
        }

        fn executable_stacks() -> i32 {
            0
        }

        fn no_huge_pages(_base: *mut libc::c_void, _bytes: usize) {}
    }
}

pub(crate) const SUPPORTED: bool = true;

/// OpenBSD kills a process whose SP is found in memory that was not mapped as a stack (mmap(2),
/// MAP_STACK).
pub(crate) const STATIC_MAY_BE_STACK: bool = !cfg!(target_os = "openbsd");

pub(crate) const NO_MEMORY: i32 = libc::ENOMEM;

// The kernel is told what the mapping is for (STACK), and sets no memory aside for the address
// space (NORESERVE). On OpenBSD MAP_STACK is a must. illumos and Solaris set memory aside for
// whatever is mapped, unless told otherwise. FreeBSD's MAP_STACK makes a mapping that grows, with
// guard pages of its own: not what is wanted here.
cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "android", target_os = "netbsd"))] {
        const STACK_FLAGS: i32 = libc::MAP_STACK | libc::MAP_NORESERVE;
    } else if #[cfg(target_os = "openbsd")] {
        const STACK_FLAGS: i32 = libc::MAP_STACK;
    } else if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        const STACK_FLAGS: i32 = libc::MAP_NORESERVE;
    } else {
        const STACK_FLAGS: i32 = 0;
    }
}

/// Apple's systems take a tag in place of the file; vmmap and crash reports show the mapping as a
/// stack (VM_MEMORY_STACK is 30 in mach/vm_statistics.h, and VM_MAKE_TAG shifts it by 24).
const FILE: i32 = if cfg!(target_vendor = "apple") { 30 << 24 } else { -1 };

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;

pub(crate) fn page_bytes() -> usize {
    static BYTES: AtomicUsize = AtomicUsize::new(0);
    let known = BYTES.load(Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: sysconf has no preconditions.
    let reported = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) });
    let bytes = reported.ok().filter(|bytes| bytes.is_power_of_two()).unwrap_or(4096);
    BYTES.store(bytes, Relaxed);
    bytes
}

/// Reserves addresses that cannot be accessed and begin at a multiple of `align`, a power of two;
/// at `hint` where that is free. After an error nothing stays mapped.
pub(crate) fn reserve(bytes: usize, align: usize, hint: usize) -> Result<usize, i32> {
    let at_hint = map(hint, bytes, libc::PROT_NONE, STACK_FLAGS)?;
    if at_hint & (align - 1) == 0 {
        return Ok(at_hint);
    }
    // SAFETY: the mapping was just made, and nobody knows it.
    unsafe { release(at_hint, bytes) };
    let more = map(0, bytes + align, libc::PROT_NONE, STACK_FLAGS)?;
    let base = more.next_multiple_of(align);
    // SAFETY: the parts of the new mapping before and behind what is returned; nobody knows them.
    unsafe {
        release(more, base - more);
        release(base + bytes, more + align - base);
    }
    Ok(base)
}

/// Makes a part of what [`reserve`] returned readable and writable.
///
/// # Safety
/// `low` and `bytes` are multiples of the page size, and the caller owns the addresses.
pub(crate) unsafe fn open(low: usize, bytes: usize) -> Result<(), i32> {
    let base = ptr::with_exposed_provenance_mut(low);
    no_huge_pages(base, bytes);
    // Some systems refuse to make memory executable (PR_SET_MDWE).
    let protections = [READ_WRITE | executable_stacks(), READ_WRITE];
    // SAFETY: the caller's promise.
    let is_open = protections.iter().any(|it| unsafe { mprotect(base, bytes, *it) } == 0);
    if is_open { Ok(()) } else { Err(errno::get()) }
}

/// Makes a part of what [`reserve`] returned inaccessible, also after it was opened, without a
/// mapping of its own. False where the system cannot: Linux before 6.13, and locked memory.
///
/// # Safety
/// As for [`open`].
pub(crate) unsafe fn guard(low: usize, bytes: usize) -> bool {
    const MADV_GUARD_INSTALL: i32 = 102;
    const NO_ADVICE: i32 = -1;
    // SAFETY: the caller's promise.
    let takes =
        |advice| unsafe { madvise(ptr::with_exposed_provenance_mut(low), bytes, advice) } == 0;
    // qemu-user takes any advice, and does nothing.
    cfg!(any(target_os = "linux", target_os = "android"))
        && !takes(NO_ADVICE)
        && takes(MADV_GUARD_INSTALL)
}

/// Gives addresses back.
///
/// # Safety
/// They come from [`reserve`] or [`map_pages`], whole pages, and no frame or pointer is left there.
pub(crate) unsafe fn release(base: usize, bytes: usize) {
    if bytes != 0 {
        // SAFETY: the caller's promise.
        unsafe { munmap(ptr::with_exposed_provenance_mut(base), bytes) };
    }
}

/// Maps zeroed memory for tables.
pub(crate) fn map_pages(bytes: usize) -> Result<*mut u8, i32> {
    map(0, bytes, READ_WRITE, 0).map(ptr::with_exposed_provenance_mut)
}

fn map(hint: usize, bytes: usize, protection: i32, flags: i32) -> Result<usize, i32> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | flags;
    let hint = ptr::without_provenance_mut(hint);
    // SAFETY: a fresh private mapping at an address of the kernel's choice (the hint is no
    // MAP_FIXED) touches nothing that exists.
    let base = unsafe { mmap(hint, bytes, protection, flags, FILE, 0) };
    if base == libc::MAP_FAILED { Err(errno::get()) } else { Ok(base.expose_provenance()) }
}

/// Gives the memory of a part of a stack back; the addresses stay mapped, and read as zero or as
/// what was there.
///
/// Linux takes the memory at once, and looks only at page tables that exist: nothing to give back
/// costs little. The others have MADV_FREE for that, which takes it when it is needed; their
/// MADV_DONTNEED is no more than a hint for paging.
///
/// # Safety
/// The addresses are a part of an open stack, and no frame is left in them.
pub(crate) unsafe fn give_back(low: usize, bytes: usize) {
    const ADVICE: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
        libc::MADV_DONTNEED
    } else {
        libc::MADV_FREE
    };
    if bytes != 0 {
        let before = errno::get();
        // SAFETY: the caller's promise. A failure leaves the memory where it is.
        if unsafe { madvise(ptr::with_exposed_provenance_mut(low), bytes, ADVICE) } != 0 {
            errno::set(before);
        }
    }
}

/// The lowest page of `low..high`, both page aligned, that was touched since it was mapped or given
/// back; `high` if none was. `None` where the system does not tell, or keeps what was given back.
pub(crate) fn lowest_touched(low: usize, high: usize) -> Option<usize> {
    let keeps = cfg!(not(any(target_os = "linux", target_os = "android")));
    if keeps { None } else { lowest_resident(low, high) }
}

/// The lowest page of `low..high` that takes memory; `high` if none does. `None` where the system
/// does not tell: by mincore(2), for private memory that is not swapped out.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
))]
pub(crate) fn lowest_resident(low: usize, high: usize) -> Option<usize> {
    // Pages asked for at a time: the answer lies on a stack of which little may be left.
    const PAGES: usize = 64;
    let page = page_bytes();
    let before = errno::get();
    let mut touched = [0_u8; PAGES];
    for at in (low..high).step_by(PAGES * page) {
        let bytes = (PAGES * page).min(high - at);
        let pages = ptr::without_provenance_mut(at);
        // SAFETY: asks only; there is room for an answer of one byte for each page.
        if unsafe { mincore(pages, bytes, touched.as_mut_ptr().cast()) } != 0 {
            errno::set(before);
            return None;
        }
        if let Some(first) = touched[..bytes / page].iter().position(|byte| byte & 1 != 0) {
            return Some(at + first * page);
        }
    }
    Some(high)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
)))]
pub(crate) fn lowest_resident(_low: usize, _high: usize) -> Option<usize> {
    None
}
