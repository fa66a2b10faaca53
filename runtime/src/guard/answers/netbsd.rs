//! NetBSD.

use super::Extent;
use crate::bounds::StackBounds;

pub(crate) struct Answers {
    /// `pthread_attr_getstack`.
    pub(crate) low: usize,
    pub(crate) bytes: usize,
    pub(crate) is_main: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) page_bytes: usize,
}

impl Answers {
    /// Guard areas lie below what is told. The main thread's size is the limit at the time when libpthread was initialised
    /// (pthread__initmainstack in lib/libpthread/pthread.c), below AT_STACKBASE.
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let extent = Extent::above(self.low, self.bytes)?;
        if self.is_main { extent.of_main_thread(self.limit, self.page_bytes) } else { extent.of_thread() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const MIB: usize = 1 << 20;

    #[test]
    fn main_thread_is_trusted_with_an_old_limit() {
        let main = |limit| {
            Answers { low: 0x7000_0000, bytes: 8 * MIB, is_main: true, limit, page_bytes: 4096 }.bounds().unwrap()
        };
        assert_eq!(main(Some(8 * MIB)), StackBounds::new(0x7000_0000, 0x7080_0000, Source::MainThread));
        assert_eq!(main(Some(MIB)), StackBounds::new(0x7070_0000, 0x7080_0000, Source::MainThread));
        assert_eq!(main(Some(64 * MIB)), StackBounds::new(0x7000_0000, 0x7080_0000, Source::MainThread));
    }

    #[test]
    fn thread_is_not_taken_as_told() {
        let thread = Answers { low: 0x7000_0000, bytes: 4 * MIB, is_main: false, limit: Some(MIB), page_bytes: 4096 };
        assert_eq!(thread.bounds(), Some(StackBounds::new(0x7000_0000, 0x7040_0000, Source::Thread)));
    }
}
