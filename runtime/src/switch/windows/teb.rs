//! What Windows knows of the stack in use: four fields of the thread environment block (TEB), and
//! what to write there.
//!
//! The kernel grows a stack, and tells that it has overflowed, by three of them. Exception
//! dispatch, `RtlUnwind` and with it longjmp refuse every frame outside of [limit, base). And
//! `__chkstk` of Microsoft's compilers trusts that all from limit upwards is committed. So while a
//! body runs the fields cover its own stack and the calling stack:
//!
//! ```text
//!   deallocation    limit                            base
//!    |  system stack   | <-- SP  |     | calling stack |
//! ```
//!
//! A system stack below the calling stack grows as any stack does. Above it the limit is that of
//! the calling stack and the base its own; then nothing can grow, and both are committed to their
//! ends before the switch.

use core::ops::Range;

/// The fields as they are, or should be, while code runs on a stack.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OsStack {
    /// StackBase: the address after the highest one.
    pub(crate) base: usize,
    /// StackLimit: all from here to `base` is committed. The kernel moves it down with the guard
    /// pages, which lie below.
    pub(crate) limit: usize,
    /// DeallocationStack: where the reservation begins, and what is freed when the thread ends.
    pub(crate) deallocation: usize,
    /// GuaranteedStackBytes, 32 bits: what the handler of an overflow may use.
    pub(crate) guarantee_bytes: usize,
}

/// Where the fields lie in the TEB: the same in all versions of Windows.
#[cfg(windows)]
pub(crate) mod offset {
    pub(crate) const BASE: usize = size_of::<usize>();
    pub(crate) const LIMIT: usize = 2 * size_of::<usize>();
    pub(crate) const DEALLOCATION: usize = if size_of::<usize>() == 8 { 0x1478 } else { 0xE0C };
    pub(crate) const GUARANTEE: usize = if size_of::<usize>() == 8 { 0x1748 } else { 0xF78 };
}

#[cfg(windows)]
#[inline(always)]
pub(super) fn teb() -> *mut usize {
    core::ptr::with_exposed_provenance_mut(super::arch::teb())
}

#[cfg(windows)]
impl OsStack {
    pub(crate) const NONE: Self = Self { base: 0, limit: 0, deallocation: 0, guarantee_bytes: 0 };

    /// Whether the system is told of the stack in use, so that it must be asked for the thread's
    /// own before the thread has left that.
    pub(crate) const IS_TOLD: bool = true;

    /// Of the stack in use, right now.
    #[inline(always)]
    pub(crate) fn now() -> Self {
        let teb = teb();
        // SAFETY: the TEB of the calling thread, which the kernel writes as well.
        unsafe {
            let guarantee = teb.byte_add(offset::GUARANTEE).cast::<u32>();
            Self {
                base: teb.byte_add(offset::BASE).read_volatile(),
                limit: teb.byte_add(offset::LIMIT).read_volatile(),
                deallocation: teb.byte_add(offset::DEALLOCATION).read_volatile(),
                guarantee_bytes: guarantee.read_volatile() as usize,
            }
        }
    }

    /// Tells the system.
    ///
    /// # Safety
    /// The fields cover the stack in use, and all from `limit` up to SP is committed.
    #[inline(always)]
    pub(super) unsafe fn write(&self) {
        let teb = teb();
        // SAFETY: the TEB of the calling thread, and the caller's promise.
        unsafe {
            let guarantee = teb.byte_add(offset::GUARANTEE).cast::<u32>();
            teb.byte_add(offset::BASE).write_volatile(self.base);
            teb.byte_add(offset::LIMIT).write_volatile(self.limit);
            teb.byte_add(offset::DEALLOCATION).write_volatile(self.deallocation);
            guarantee.write_volatile(self.guarantee_bytes as u32);
        }
    }

    /// Of memory that is committed from end to end.
    pub(crate) fn of_memory(low: usize, bytes: usize) -> Self {
        Self { base: low + bytes, limit: low, deallocation: low, guarantee_bytes: 0 }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.deallocation == other.deallocation
    }
}

/// Pages that the kernel keeps as a guard where there is no guarantee.
const GUARD_PAGES: usize = if cfg!(target_pointer_width = "64") { 2 } else { 1 };

/// Pages at the low end of a reservation that nobody can use, apart from the guarantee: the lowest
/// is never committed.
pub(crate) const UNUSABLE_PAGES: usize = 1 + GUARD_PAGES;

impl OsStack {
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.deallocation <= address && address < self.base
    }

    /// How far down the stack can be committed: below lie the guard pages in their last place.
    ///
    /// ```text
    ///  deallocation                                              limit             base
    ///   | hard guard |  guard pages where they    | reserved ... | committed  <-- SP |
    ///   |  1 page    |  come to rest: 1 or 2      |              |                   |
    ///   |            |  pages and the guarantee   |              |                   |
    /// ```
    ///
    /// The guard pages move down as the stack is used. When they have come to the lowest page,
    /// which is never committed, touching them is a stack overflow; the guarantee is what the
    /// handler of that may use, so it counts to the guard.
    pub(crate) fn lowest_limit(&self, page_bytes: usize) -> usize {
        let guarantee = self.guarantee_bytes.div_ceil(page_bytes).saturating_mul(page_bytes);
        let unusable = guarantee.saturating_add(UNUSABLE_PAGES * page_bytes);
        self.deallocation.saturating_add(unusable).min(self.base)
    }

    /// What code can use of the one stack that the fields tell of; `None` where they tell of two,
    /// the stack of another copy of this runtime and the one that called it, as nobody knows which
    /// of these is the thread's. `allocation_of_top`: where the allocation begins that the highest
    /// byte is part of (`VirtualQuery`).
    pub(crate) fn own_range(
        &self,
        allocation_of_top: usize,
        page_bytes: usize,
    ) -> Option<Range<usize>> {
        // Where the other stack lies below its caller, the top is that of the caller, another
        // allocation; where it lies above, the limit is that of the caller.
        let is_one_stack = allocation_of_top == self.deallocation
            && (self.deallocation..=self.base).contains(&self.limit);
        let own = self.lowest_limit(page_bytes)..self.base;
        (is_one_stack && !own.is_empty()).then_some(own)
    }

    /// What to tell while code runs on `target`, for which `self` waits.
    pub(crate) fn with(&self, target: &Self) -> Self {
        let (base, limit) = (self.base.max(target.base), self.limit.min(target.limit));
        Self { base, limit, ..*target }
    }

    /// Whether the kernel can go on moving the limit of `target`: all that `self` covers lies
    /// above.
    pub(crate) fn lies_above(&self, target: &Self) -> bool {
        target.base <= self.limit
    }

    /// The fields of this stack, whose limit the kernel may have moved, after `reported` was in
    /// force.
    pub(crate) fn after(&self, reported: &Self) -> Self {
        let is_moved = self.deallocation == reported.deallocation && self.contains(reported.limit);
        Self { limit: if is_moved { self.limit.min(reported.limit) } else { self.limit }, ..*self }
    }
}
