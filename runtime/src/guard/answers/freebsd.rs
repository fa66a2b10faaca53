//! FreeBSD and DragonFly.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `pthread_attr_getstack`.
    pub(crate) low: usize,
    pub(crate) bytes: usize,
    pub(crate) is_main: bool,
    pub(crate) limit: Option<usize>,
    /// The sysctl `security.bsd.stack_guard_page`, which counts pages.
    pub(crate) kernel_guard_pages: usize,
    pub(crate) page_bytes: usize,
}

impl Answers {
    /// The kernel never lets a stack that grows have its lowest pages (vm_map_growstack in sys/vm/vm_map.c). They lie inside of what is
    /// told for the main thread. The stacks of other threads grow as well (thr_stack.c of libthr maps them with MAP_STACK), and there
    /// these pages may come on top of the guard that libthr keeps below its stacks (OpenJDK's port has met that), so they are
    /// taken off too.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let unusable = self.kernel_guard_pages.checked_mul(self.page_bytes)?;
        let extent = Extent::above(self.low, self.bytes)?.without(unusable);
        if self.is_main { extent.of_main_thread(self.limit, self.page_bytes) } else { extent.of_thread() }
    }
}

/// What the sysctl tells; one, the default, where it does not exist or is forbidden (DragonFly, a jail).
pub(crate) fn kernel_guard_pages(told: Option<i32>) -> usize {
    told.and_then(|pages| usize::try_from(pages).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const MIB: usize = 1 << 20;
    const PAGE: usize = 4096;
    /// A 32-bit number, so that the test runs everywhere: _usrstack of a process with a limit of 64 MiB.
    const USRSTACK: usize = 0xffbf_e000;

    fn main_bounds(limit: Option<usize>, kernel_guard_pages: usize) -> StackBounds {
        let (low, bytes) = (USRSTACK - 64 * MIB, 64 * MIB);
        Answers { low, bytes, is_main: true, limit, kernel_guard_pages, page_bytes: PAGE }.bounds().unwrap()
    }

    #[test]
    fn kernel_guard_pages_of_the_main_thread_count_as_usable() {
        for pages in [0, 1, 16] {
            let bounds = main_bounds(Some(64 * MIB), pages);
            assert_eq!(bounds, StackBounds::new(USRSTACK - 64 * MIB + pages * PAGE, USRSTACK, Source::MainThread));
        }
    }

    #[test]
    fn unknown_number_of_guard_pages_is_zero() {
        assert_eq!([Some(0), Some(1), Some(16)].map(kernel_guard_pages), [0, 1, 16]);
        assert_eq!([None, Some(-1)].map(kernel_guard_pages), [1, 1]);
    }

    #[test]
    fn lowered_limit_of_the_main_thread_is_not_heeded() {
        let bounds = main_bounds(Some(MIB), 1);
        assert_eq!(bounds, StackBounds::new(USRSTACK - MIB + PAGE, USRSTACK, Source::MainThread));
    }

    #[test]
    fn kernel_guard_page_of_a_thread_counts_as_usable() {
        let thread = Answers {
            low: 0x2000_0000,
            bytes: 2 * MIB,
            is_main: false,
            limit: Some(MIB),
            kernel_guard_pages: 1,
            page_bytes: PAGE,
        };
        let bounds = StackBounds::new(0x2000_1000, 0x2020_0000, Source::Thread);
        assert_eq!(thread.bounds(), Some(bounds));
    }

    #[test]
    fn absurd_number_of_guard_pages_overflows() {
        let answers = Answers {
            low: 0x2000_0000,
            bytes: MIB,
            is_main: false,
            limit: None,
            kernel_guard_pages: usize::MAX,
            page_bytes: PAGE,
        };
        assert_eq!(answers.bounds(), None);
    }
}
