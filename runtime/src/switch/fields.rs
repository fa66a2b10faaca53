//! What Windows knows of the stack in use: four fields of the thread environment block (TEB), and what to write there.
//!
//! The kernel grows a stack, and tells that it has overflowed, by three of them. Exception dispatch, `RtlUnwind` and with it longjmp refuse
//! every frame outside of [limit, base). And `__chkstk` of Microsoft's compilers trusts that all from limit upwards is committed. So
//! while a body runs the fields cover its own stack and its host's:
//!
//! ```text
//!   deallocation   limit          base of the host, or of the system stack where that lies higher
//!   |  system stack | <-- SP       |
//!                          host    |
//! ```
//!
//! A system stack below its host grows as any stack does. Above it the limit is the host's; then nothing can grow, and both stacks are
//! committed to their ends before the switch.

/// The fields, or what they should be.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    /// StackBase: the address after the highest one.
    pub(crate) base: usize,
    /// StackLimit: all from here to `base` is committed. The kernel moves it down with the guard pages, which lie below.
    pub(crate) limit: usize,
    /// DeallocationStack: where the reservation begins, and what is freed when the thread ends.
    pub(crate) deallocation: usize,
    /// GuaranteedStackBytes: what the handler of an overflow may use (SetThreadStackGuarantee).
    pub(crate) guarantee_bytes: usize,
}

/// Pages that the kernel keeps as a guard where there is no guarantee.
const GUARD_PAGES: usize = if cfg!(target_pointer_width = "64") { 2 } else { 1 };

/// Pages at the low end of a reservation that nobody can use, apart from the guarantee: the lowest is never committed.
pub(crate) const UNUSABLE_PAGES: usize = 1 + GUARD_PAGES;

impl Fields {
    /// Whether `address` lies in the reservation.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.deallocation <= address && address < self.base
    }

    /// How far down the stack can be committed: below lie the guard pages in their last place.
    pub(crate) fn lowest_limit(&self, page_bytes: usize) -> usize {
        let guarantee = self.guarantee_bytes.next_multiple_of(page_bytes);
        self.deallocation.saturating_add(UNUSABLE_PAGES * page_bytes + guarantee).min(self.base)
    }

    /// What to tell while code runs on `there`, for which `self` waits.
    pub(crate) fn with(&self, there: &Self) -> Self {
        Self { base: self.base.max(there.base), limit: self.limit.min(there.limit), ..*there }
    }

    /// Whether the kernel can go on moving the limit of `there`: all that `self` covers lies above it.
    pub(crate) fn lies_above(&self, there: &Self) -> bool {
        there.base <= self.limit
    }

    /// The fields of this stack when what was told last, with it in use, is `told`: its limit may have moved.
    pub(crate) fn after(&self, told: &Self) -> Self {
        let moved = self.deallocation == told.deallocation && self.contains(told.limit);
        Self { limit: if moved { self.limit.min(told.limit) } else { self.limit }, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    fn stack(deallocation: usize, limit: usize, base: usize) -> Fields {
        Fields { base, limit, deallocation, guarantee_bytes: 0 }
    }

    #[test]
    fn frames_of_the_host_or_of_the_body_are_out_of_bounds() {
        let host = stack(0x50_0000, 0x5f_0000, 0x60_0000);
        for there in [stack(0x10_0000, 0x1f_0000, 0x20_0000), stack(0x80_0000, 0x80_3000, 0x90_0000)] {
            let told = host.with(&there);
            assert!(told.limit <= host.limit && told.limit <= there.limit, "{told:x?}");
            assert!(told.base >= host.base && told.base >= there.base, "{told:x?}");
            // The kernel takes an overflow of the body for one of this stack.
            assert_eq!((told.deallocation, told.guarantee_bytes), (there.deallocation, there.guarantee_bytes));
        }
    }

    #[test]
    fn stack_above_its_host_is_left_to_the_kernel_to_grow() {
        let host = stack(0x50_0000, 0x5f_0000, 0x60_0000);
        assert!(host.lies_above(&stack(0x10_0000, 0x1f_0000, 0x20_0000)));
        assert!(host.lies_above(&stack(0x4f_0000, 0x4f_3000, 0x50_0000)));
        assert!(!host.lies_above(&stack(0x80_0000, 0x8f_0000, 0x90_0000)));
        // From a second system stack, where the fields cover the first and its host, to one between them.
        let both = host.with(&stack(0x10_0000, 0x1f_0000, 0x20_0000));
        assert!(!both.lies_above(&stack(0x30_0000, 0x3f_0000, 0x40_0000)));
    }

    #[test]
    fn limit_that_the_kernel_has_moved_is_forgotten() {
        let there = stack(0x10_0000, 0x1f_0000, 0x20_0000);
        let host = stack(0x50_0000, 0x5f_0000, 0x60_0000);
        let told = Fields { limit: 0x1a_0000, ..host.with(&there) };
        assert_eq!(there.after(&told), Fields { limit: 0x1a_0000, ..there });
        // Not moved: another stack was in use in between, or the limit is the host's.
        assert_eq!(there.after(&host), there);
        assert_eq!(there.after(&Fields { limit: 0x8000, ..told }), there);
    }

    #[test]
    fn guarantee_and_guard_pages_are_committed() {
        let fields = Fields { guarantee_bytes: 0x4001, ..stack(0x10_0000, 0x1f_0000, 0x20_0000) };
        assert_eq!(fields.lowest_limit(PAGE), 0x10_0000 + UNUSABLE_PAGES * PAGE + 0x5000);
        assert_eq!(Fields { guarantee_bytes: 0x40_0000, ..fields }.lowest_limit(PAGE), fields.base);
    }
}
