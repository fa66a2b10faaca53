//! Stacks from VirtualAlloc: reserved as a whole, committed as they are used.
//!
//! A new stack looks like that of a new thread, so that the kernel grows it in the same way, as
//! long as it is told of it (switch/windows/teb.rs):
//!
//! ```text
//!  base                         low                                limit            base + mapped
//!   | never |  guard pages in    |  reserved      |   guard pages    |  committed  <-- SP |
//!   | used  |  their last place  |                |  to begin with   |                    |
//! ```
//!
//! Touching the guard pages in their last place is EXCEPTION_STACK_OVERFLOW. The guard area of the
//! settings, less the page that is never used, is then what the handler may use (the guarantee).

use core::ffi::c_void;
use core::mem::{MaybeUninit, size_of};
use core::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_INVALID_ADDRESS, ERROR_NOT_ENOUGH_MEMORY, GetLastError,
};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_FREE, MEM_RELEASE, MEM_RESERVE, MEM_RESET, MEMORY_BASIC_INFORMATION,
    PAGE_GUARD, PAGE_READWRITE, VirtualAlloc, VirtualFree, VirtualProtect, VirtualQuery,
};
use windows_sys::Win32::System::SystemInformation::GetSystemInfo;

use super::place::{self, Region};
use crate::switch::windows::teb::{OsStack, UNUSABLE_PAGES};

pub(crate) const SUPPORTED: bool = true;

pub(crate) const STATIC_MAY_BE_STACK: bool = true;

pub(crate) const NO_MEMORY: i32 = ERROR_NOT_ENOUGH_MEMORY.cast_signed();

/// What a new stack has committed: most bodies need no more.
const COMMITTED_BYTES: usize = 64 * 1024;

pub(crate) fn page_bytes() -> usize {
    let mut info = MaybeUninit::uninit();
    // SAFETY: fills in `info`.
    let bytes = unsafe {
        GetSystemInfo(info.as_mut_ptr());
        info.assume_init().dwPageSize
    };
    bytes as usize
}

/// Maps a stack of `bytes` at the high end of a slot, a range of `slot_bytes` that begins at a
/// multiple of that, and returns what the system is to be told of it. Its lowest `guard_bytes` no
/// body can use. After an error nothing stays mapped.
pub(crate) fn map_stack(
    slot_bytes: usize,
    bytes: usize,
    guard_bytes: usize,
    sp: usize,
) -> Result<OsStack, i32> {
    /// How often another thread may take the place before this one does.
    const ATTEMPTS: usize = 64;
    let find = |_| {
        let slot = place(slot_bytes, sp).or_else(|| anywhere(slot_bytes)).ok_or_else(last_error)?;
        reserve(slot + slot_bytes - bytes, bytes).ok_or_else(last_error)
    };
    let is_final = |found: &Result<usize, i32>| *found != Err(ERROR_INVALID_ADDRESS.cast_signed());
    let base = (0..ATTEMPTS).map(find).find(is_final).unwrap_or_else(|| find(ATTEMPTS))?;
    let fields = os_stack(base, bytes, guard_bytes);
    let guard_low = fields.limit - first_guard_bytes(&fields);
    if commit_pages(fields.limit, fields.base, PAGE_READWRITE)
        && commit_pages(guard_low, fields.limit, PAGE_READWRITE | PAGE_GUARD)
    {
        return Ok(fields);
    }
    let error = last_error();
    // SAFETY: just reserved, and nobody knows it.
    unsafe { release(base, bytes) };
    Err(error)
}

/// A free slot at the system's choice.
fn anywhere(slot_bytes: usize) -> Option<usize> {
    let more = reserve(0, 2 * slot_bytes)?;
    // SAFETY: just reserved, and nobody knows it. Another thread may take a part before this one
    // does.
    unsafe { release(more, 2 * slot_bytes) };
    Some(more.next_multiple_of(slot_bytes))
}

/// For signal stacks, which no thread has here.
///
/// # Safety
/// As in the other files.
pub(crate) unsafe fn open(_low: usize, _bytes: usize) -> Result<(), i32> {
    Err(NO_MEMORY)
}

/// Maps zeroed memory for tables.
pub(crate) fn map_pages(bytes: usize) -> Result<*mut u8, i32> {
    // SAFETY: fresh memory at the system's choice.
    let base =
        unsafe { VirtualAlloc(ptr::null(), bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
    if base.is_null() { Err(last_error()) } else { Ok(base.cast()) }
}

/// Gives addresses back.
///
/// # Safety
/// `base` comes from [`map_stack`] or [`map_pages`], and no frame and no pointer is left there.
pub(crate) unsafe fn release(base: usize, bytes: usize) {
    if bytes != 0 {
        // SAFETY: the caller's promise.
        unsafe { VirtualFree(ptr::with_exposed_provenance_mut(base), 0, MEM_RELEASE) };
    }
}

/// Gives back the memory of a part of an unused stack, which stays committed.
///
/// # Safety
/// The addresses are a part of a stack, and no frame is left in them.
pub(crate) unsafe fn give_back(low: usize, bytes: usize) {
    let error = crate::errno::get();
    let mut at = low;
    while let Some(region) = query(at).filter(|_| at < low + bytes) {
        let end = (region.BaseAddress.addr() + region.RegionSize).min(low + bytes);
        if region.State == MEM_COMMIT && region.Protect == PAGE_READWRITE {
            // SAFETY: part of a mapping of `map_stack` that no frame is left in, so nobody reads
            // what was there.
            unsafe {
                VirtualAlloc(ptr::with_exposed_provenance(at), end - at, MEM_RESET, PAGE_READWRITE)
            };
        }
        at = end;
    }
    crate::errno::set(error);
}

/// What the system is told of a new stack.
fn os_stack(base: usize, mapped_bytes: usize, guard_bytes: usize) -> OsStack {
    OsStack {
        base: base + mapped_bytes,
        limit: base + mapped_bytes - COMMITTED_BYTES.min(mapped_bytes - guard_bytes),
        deallocation: base,
        guarantee_bytes: guard_bytes.saturating_sub(UNUSABLE_PAGES * page_bytes()),
    }
}

fn first_guard_bytes(fields: &OsStack) -> usize {
    fields.guarantee_bytes.max((UNUSABLE_PAGES - 1) * page_bytes())
}

/// Commits the pages of a stack from `old_limit` down to `limit`, and those from there to
/// `guard_low` as guard pages. False, and nothing lost, where the system has no memory for that.
pub(crate) fn commit(guard_low: usize, limit: usize, old_limit: usize) -> bool {
    // Committed pages keep their protection when they are committed again, and these may be guard
    // pages.
    commit_pages(guard_low, limit, PAGE_READWRITE | PAGE_GUARD)
        && commit_pages(limit, old_limit, PAGE_READWRITE)
        && protect(limit, old_limit, PAGE_READWRITE)
}

/// Where the allocation that `address` is part of begins.
pub(crate) fn allocation_base(address: usize) -> usize {
    query(address).map_or(0, |region| region.AllocationBase.addr())
}

fn reserve(at: usize, bytes: usize) -> Option<usize> {
    // SAFETY: reserves fresh addresses; where something is at `at` the call fails.
    let base = unsafe {
        VirtualAlloc(ptr::without_provenance_mut(at), bytes, MEM_RESERVE, PAGE_READWRITE)
    };
    (!base.is_null()).then(|| base.expose_provenance())
}

fn commit_pages(low: usize, high: usize, protection: u32) -> bool {
    // SAFETY: the pages are part of a reserved stack; committing changes nothing that is there.
    let at = unsafe {
        VirtualAlloc(ptr::with_exposed_provenance(low), high - low, MEM_COMMIT, protection)
    };
    !at.is_null()
}

fn protect(low: usize, high: usize, protection: u32) -> bool {
    let mut earlier = 0;
    // SAFETY: the pages are committed ones of a stack, which is readable and writable.
    unsafe {
        VirtualProtect(ptr::with_exposed_provenance(low), high - low, protection, &raw mut earlier)
            != 0
    }
}

fn query(address: usize) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut region = MaybeUninit::<MEMORY_BASIC_INFORMATION>::uninit();
    let bytes = size_of::<MEMORY_BASIC_INFORMATION>();
    // SAFETY: asks about an address, whatever is there; `region` is read when it was filled in.
    unsafe {
        let filled =
            VirtualQuery(ptr::without_provenance::<c_void>(address), region.as_mut_ptr(), bytes);
        (filled == bytes).then(|| region.assume_init())
    }
}

fn last_error() -> i32 {
    // SAFETY: no preconditions.
    unsafe { GetLastError() }.cast_signed()
}

/// The lowest page of `[low, high)` that was touched, as far as it is known: the system commits
/// them as they are touched, but for a stack that was committed to its end.
pub(crate) fn lowest_touched(low: usize, high: usize) -> Option<usize> {
    lowest_resident(low, high).filter(|&at| at > low)
}

/// The lowest page of `[low, high)` that is committed.
pub(crate) fn lowest_resident(low: usize, high: usize) -> Option<usize> {
    let mut at = low;
    while let Some(region) = query(at).filter(|_| at < high) {
        if region.State == MEM_COMMIT && region.Protect == PAGE_READWRITE {
            return Some(at);
        }
        at = region.BaseAddress.addr() + region.RegionSize;
    }
    None
}

/// Whether a slot of this size could be had below `sp`.
pub(crate) fn has_place_below(slot_bytes: usize, sp: usize) -> bool {
    place(slot_bytes, sp).is_some()
}

/// Where the next stack should lie: below the calling stack, so that it can grow and exceptions can
/// leave it (switch/windows/teb.rs). Stacks follow each other downwards, so that this is so as well
/// where one is left for the next.
fn place(slot_bytes: usize, sp: usize) -> Option<usize> {
    place::below(start(sp), slot_bytes, slot_bytes, |at| {
        let region = query(at)?;
        Some(match region.State {
            MEM_FREE => Region::Free { end: at + region.RegionSize },
            _ => Region::Taken { base: region.AllocationBase.addr() },
        })
    })
}

/// Where to begin to look: in the lowest 2 GiB, which 64-bit processes leave empty, at a place as
/// hard to guess as that of the thread's stack.
#[cfg(target_pointer_width = "64")]
fn start(in_use: usize) -> usize {
    const HIGHEST: usize = 2 << 30;
    let random = (in_use >> 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34;
    in_use.min(HIGHEST - random)
}

#[cfg(target_pointer_width = "32")]
fn start(in_use: usize) -> usize {
    in_use
}
