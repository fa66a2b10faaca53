//! Windows.
//!
//! ```text
//!  allocation base                                                     StackLimit        StackBase
//!   | hard guard |  guard pages where they come to rest | reserved ... | committed  <-- SP |
//!   |  1 page    |  1 or 2 pages and the guarantee      |              |                   |
//! ```

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `GetCurrentThreadStackLimits`, which reads DeallocationStack and StackBase of the TEB.
    pub(crate) allocation_base: usize,
    pub(crate) stack_base: usize,
    /// StackLimit of the TEB.
    pub(crate) limit: usize,
    /// Where the allocation begins that the highest byte is part of (`VirtualQuery`).
    pub(crate) allocation_of_top: usize,
    /// What `SetThreadStackGuarantee` tells when asked with zero.
    pub(crate) guarantee_bytes: usize,
    pub(crate) page_bytes: usize,
}

/// Pages that the kernel keeps between the committed part and the reserved one.
const GUARD_PAGES: usize = if cfg!(target_pointer_width = "64") { 2 } else { 1 };

impl Answers {
    /// The guard pages move down as the stack is used. When they have come to the lowest page, which is never committed, touching them is
    /// a stack overflow; the guarantee is what the handler of that may use, so it counts to the guard.
    ///
    /// Another copy of this runtime tells the system of two stacks at once, its own and the host of that (switch/fields.rs): of these
    /// nobody knows which is the thread's.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        self.is_of_one_stack().then_some(())?;
        let guarantee = self.guarantee_bytes.checked_next_multiple_of(self.page_bytes)?;
        let unusable = guarantee.checked_add((1 + GUARD_PAGES) * self.page_bytes)?;
        let bytes = self.stack_base.checked_sub(self.allocation_base)?;
        Extent::above(self.allocation_base, bytes)?.without(unusable).of_thread()
    }

    /// Where the other stack lies below its host, the top is that of the host, another allocation; where it lies above, the limit is that
    /// of the host.
    fn is_of_one_stack(&self) -> bool {
        self.allocation_of_top == self.allocation_base && (self.allocation_base..=self.stack_base).contains(&self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const KIB: usize = 1024;
    const PAGE: usize = 4096;
    const BASE: usize = 0x0020_0000;

    /// What the TEB says of a stack of this size whose lowest page in use is in the middle.
    fn told(bytes: usize, guarantee_bytes: usize) -> Answers {
        let (allocation_base, stack_base, limit) = (BASE, BASE + bytes, BASE + bytes / 2);
        Answers { allocation_base, stack_base, limit, allocation_of_top: BASE, guarantee_bytes, page_bytes: PAGE }
    }

    fn bounds(bytes: usize, guarantee_bytes: usize) -> Option<StackBounds> {
        told(bytes, guarantee_bytes).bounds()
    }

    #[test]
    fn stack_that_has_grown_to_its_end_has_no_bounds() {
        let low = BASE + PAGE + GUARD_PAGES * PAGE;
        for limit in [low, BASE + 1024 * KIB] {
            let answers = Answers { limit, ..told(1024 * KIB, 0) };
            assert_eq!(answers.bounds(), Some(StackBounds::new(low, BASE + 1024 * KIB, Source::Thread)));
        }
    }

    #[test]
    fn two_stacks_that_another_runtime_tells_of_are_taken_for_one() {
        let of_host = 0x0080_0000;
        // Its stack below the host: the top of the host.
        let below = Answers { stack_base: of_host + 64 * KIB, allocation_of_top: of_host, ..told(1024 * KIB, 0) };
        assert_eq!(below.bounds(), None);
        // Above the host: the limit of the host.
        let above = Answers { limit: BASE - 64 * KIB, ..told(1024 * KIB, 0) };
        assert_eq!(above.bounds(), None);
    }

    #[test]
    fn guard_pages_count_as_usable() {
        let low = BASE + PAGE + GUARD_PAGES * PAGE;
        assert_eq!(bounds(1024 * KIB, 0), Some(StackBounds::new(low, BASE + 1024 * KIB, Source::Thread)));
    }

    #[test]
    fn guarantee_counts_as_usable() {
        let plain = bounds(1024 * KIB, 0).unwrap();
        // What Rust's own standard library asks for on its threads.
        let with_guarantee = bounds(1024 * KIB, 0x5000).unwrap();
        assert_eq!(with_guarantee.low() - plain.low(), 0x5000);
        // Rounded up to pages by the kernel.
        assert_eq!(bounds(1024 * KIB, 0x4001), Some(with_guarantee));
    }

    #[test]
    fn stack_smaller_than_its_guards_has_bounds() {
        assert_eq!(bounds(64 * KIB, 64 * KIB), None);
        assert_eq!(bounds(0, 0), None);
        assert_eq!(bounds(1024 * KIB, usize::MAX), None);
    }
}
