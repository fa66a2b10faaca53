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
    /// What `SetThreadStackGuarantee` tells when asked with zero.
    pub(crate) guarantee_bytes: usize,
    pub(crate) page_bytes: usize,
}

/// Pages that the kernel keeps between the committed part and the reserved one.
const GUARD_PAGES: usize = if cfg!(target_pointer_width = "64") { 2 } else { 1 };

impl Answers {
    /// The guard pages move down as the stack is used. When they have come to the lowest page, which is never committed, touching them is
    /// a stack overflow; the guarantee is what the handler of that may use, so it counts to the guard.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let guarantee = self.guarantee_bytes.checked_next_multiple_of(self.page_bytes)?;
        let unusable = guarantee.checked_add((1 + GUARD_PAGES) * self.page_bytes)?;
        let bytes = self.stack_base.checked_sub(self.allocation_base)?;
        Extent::above(self.allocation_base, bytes)?.without(unusable).of_thread()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const KIB: usize = 1024;
    const PAGE: usize = 4096;
    const BASE: usize = 0x0020_0000;

    fn bounds(bytes: usize, guarantee_bytes: usize) -> Option<StackBounds> {
        let (allocation_base, stack_base) = (BASE, BASE + bytes);
        Answers { allocation_base, stack_base, guarantee_bytes, page_bytes: PAGE }.bounds()
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
