//! illumos and Solaris.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `ss_sp` of `thr_stksegment`: the top, unlike in `sigaltstack`.
    pub(crate) top: usize,
    /// `ss_size`; zero for a main thread without a limit.
    pub(crate) bytes: usize,
    pub(crate) is_main: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) page_bytes: usize,
}

impl Answers {
    /// Guards lie below what is told (find_stack in usr/src/lib/libc/port/threads/thr.c).
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let extent = Extent { high: self.top, bytes: self.bytes, unusable_bytes: 0 };
        if self.is_main { extent.of_main_thread(self.limit, self.page_bytes) } else { extent.of_thread() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const MIB: usize = 1 << 20;
    const TOP: usize = 0x7fff_0000;

    fn bounds(bytes: usize, is_main: bool, limit: Option<usize>) -> Option<StackBounds> {
        Answers { top: TOP, bytes, is_main, limit, page_bytes: 4096 }.bounds()
    }

    #[test]
    fn size_zero_of_an_unlimited_main_thread_makes_an_empty_stack() {
        assert_eq!(bounds(0, true, None), Some(StackBounds::new(TOP - 8 * MIB, TOP, Source::MainThread)));
        // Limited since.
        assert_eq!(bounds(0, true, Some(10 * MIB)), Some(StackBounds::new(TOP - 10 * MIB, TOP, Source::MainThread)));
    }

    #[test]
    fn size_zero_of_a_thread_is_made_up() {
        assert_eq!(bounds(0, false, None), None);
    }

    #[test]
    fn ss_sp_is_taken_for_the_low_end() {
        assert_eq!(bounds(2 * MIB, false, None), Some(StackBounds::new(TOP - 2 * MIB, TOP, Source::Thread)));
        assert_eq!(bounds(10 * MIB, true, Some(MIB)), Some(StackBounds::new(TOP - MIB, TOP, Source::MainThread)));
    }
}
