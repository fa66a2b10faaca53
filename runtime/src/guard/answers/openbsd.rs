//! OpenBSD.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `ss_sp` of `pthread_stackseg_np`: the top, unlike in `sigaltstack`.
    pub(crate) top: usize,
    /// `ss_size`, without the guard.
    pub(crate) bytes: usize,
    pub(crate) is_main: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) page_bytes: usize,
}

impl Answers {
    /// The top of the main thread is told as the address of the ps_strings ("a rough estimation", says rthread_np.c), which lie some bytes
    /// below the true end, so that the limit counted from there reaches into the page below the stack. Hence one page less.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let extent = Extent { high: self.top, bytes: self.bytes, unusable_bytes: 0 };
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

    const MIB: usize = 1 << 20;
    const PAGE: usize = 4096;

    #[test]
    fn ss_sp_is_taken_for_the_low_end() {
        let thread = Answers { top: 0x7008_0000, bytes: 0x8_0000, is_main: false, limit: None, page_bytes: PAGE };
        assert_eq!(thread.bounds(), Some(StackBounds::new(0x7000_0000, 0x7008_0000, Source::Thread)));
    }

    #[test]
    fn page_below_the_main_stack_counts_as_usable() {
        // The stack ends at 0x7fff_8000 and the ps_strings lie 32 bytes below.
        let (end, ps_strings) = (0x7fff_8000, 0x7fff_7fe0);
        let main = Answers { top: ps_strings, bytes: 4 * MIB, is_main: true, limit: Some(4 * MIB), page_bytes: PAGE };
        let bounds = main.bounds().unwrap();
        assert_eq!((bounds.high(), bounds.source()), (ps_strings, Source::MainThread));
        assert_eq!(bounds.low(), end - 4 * MIB + PAGE);
    }

    #[test]
    fn lowered_limit_is_not_heeded() {
        let main = Answers { top: 0x7fff_8000, bytes: 4 * MIB, is_main: true, limit: Some(MIB), page_bytes: PAGE };
        assert_eq!(main.bounds().unwrap().low(), 0x7fff_8000 - MIB + PAGE);
    }
}
