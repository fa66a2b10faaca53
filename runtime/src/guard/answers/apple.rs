//! macOS, iOS and family.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `pthread_get_stackaddr_np`: the high end.
    pub(crate) high: usize,
    /// `pthread_get_stacksize_np`.
    pub(crate) bytes: usize,
    pub(crate) is_main: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) page_bytes: usize,
}

impl Answers {
    /// The size of the main thread has had several meanings. 10.9 tells 512 KiB where there are 8 MiB (os_bsd_x86.cpp of OpenJDK works around
    /// it): too little switches early, which harms nobody. Later systems tell the limit that they saw when they were first asked
    /// (pthread_get_stacksize_np in Apple's libpthread), so the smaller of that and the limit of the moment is taken. A limit that is no
    /// multiple of a page was told as it is until it was rounded up (OpenJDK has seen both).
    ///
    /// The lowest page of the main thread is not counted: Rust's std makes it a guard page in programs whose `main` is Rust's
    /// (`install_main_guard_default` in std/src/sys/pal/unix/stack_overflow.rs).
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let extent = Extent { high: self.high, bytes: self.bytes, unusable_bytes: 0 };
        if self.is_main {
            extent.without(self.page_bytes).of_main_thread(self.limit, self.page_bytes)
        } else {
            extent.of_thread()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const KIB: usize = 1024;
    const HIGH: usize = 0x7000_0000;

    fn size(bytes: usize, is_main: bool, limit: Option<usize>, page_bytes: usize) -> (usize, Source) {
        let bounds = Answers { high: HIGH, bytes, is_main, limit, page_bytes }.bounds().unwrap();
        assert_eq!(bounds.high(), HIGH);
        (bounds.high() - bounds.low(), bounds.source())
    }

    #[test]
    fn main_thread_has_not_the_smaller_of_two_sizes() {
        let main = |bytes, limit| size(bytes, true, limit, 16 * KIB);
        // Less the page that std takes for a guard.
        assert_eq!(main(8176 * KIB, Some(8176 * KIB)), (8160 * KIB, Source::MainThread));
        // Lowered after libpthread had looked.
        assert_eq!(main(8176 * KIB, Some(512 * KIB)), (496 * KIB, Source::MainThread));
        // Raised later: the mapping stays as large as it was.
        assert_eq!(main(8176 * KIB, Some(65520 * KIB)), (8160 * KIB, Source::MainThread));
        assert_eq!(main(8176 * KIB, None), (8160 * KIB, Source::MainThread));
    }

    #[test]
    fn size_told_by_10_9_is_taken_for_more_than_it_says() {
        assert_eq!(size(512 * KIB, true, Some(8192 * KIB), 4 * KIB), (508 * KIB, Source::MainThread));
    }

    #[test]
    fn limit_that_is_no_multiple_of_a_page_is_rounded_up() {
        assert_eq!(size(7_000_001, true, Some(7_000_001), 4 * KIB), (6828 * KIB, Source::MainThread));
    }

    #[test]
    fn limit_bounds_a_secondary_thread() {
        assert_eq!(size(512 * KIB, false, Some(64 * KIB), 16 * KIB), (512 * KIB, Source::Thread));
    }
}
