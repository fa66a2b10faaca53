//! Haiku.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `stack_base` of `get_thread_info`: the low end.
    pub(crate) low: usize,
    /// `stack_end`: the high end.
    pub(crate) high: usize,
    pub(crate) page_bytes: usize,
}

/// USER_STACK_GUARD_SIZE of headers/private/system/thread_defs.h.
const GUARD_PAGES: usize = 4;

impl Answers {
    /// The main thread has a stack of fixed size, as all have. Whether the guard lies inside of what is told is not documented, so it is
    /// taken off.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let bytes = self.high.checked_sub(self.low)?;
        Extent::above(self.low, bytes)?.without(GUARD_PAGES * self.page_bytes).of_thread()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    #[test]
    fn guard_counts_as_usable() {
        let thread = Answers { low: 0x7000_0000, high: 0x7004_4000, page_bytes: 4096 };
        assert_eq!(thread.bounds(), Some(StackBounds::new(0x7000_4000, 0x7004_4000, Source::Thread)));
    }
}
