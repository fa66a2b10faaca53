//! Which stacks have lent a thread its alternate signal stacks, one after the other.

use core::ops::Range;
use core::ptr;

use crate::probe;
use crate::stack::{Header, memory, table};
use crate::thread::signal_stack::Setting;

/// The stacks that have lent a thread its alternate signal stacks, the latest first, each with what
/// the thread had before: those of the handlers at work, and of others that were jumped out of.
/// `None` where it is a stack of another copy of this runtime.
pub(crate) fn lenders(
    signal_stack: Option<Range<usize>>,
) -> impl Iterator<Item = (Option<&'static Header>, Setting)> {
    /// More than that only where a program has set a stack again that was taken back: in a circle.
    const MOST: usize = 10_000;
    let lender = |signal_stack: Option<Range<usize>>| {
        let signal_stack = signal_stack?;
        let Some(header) = table::lender_of(&signal_stack) else {
            return Trace::find(&signal_stack).map(|before| (None, before));
        };
        // SAFETY: written before the stack was lent.
        Some((Some(header), unsafe { (*(*header.lent.get()).as_ptr()).before }))
    };
    let first = lender(signal_stack);
    core::iter::successors(first, move |(_, before)| lender(before.range())).take(MOST)
}

/// Whether a system stack has lent it, of this or of another copy of this runtime.
pub(crate) fn is_lent(setting: &Setting) -> bool {
    lenders(setting.range()).next().is_some()
}

/// What stands at the low end of a signal stack while it is lent, for other copies of this runtime:
/// where handlers nest whose bodies are of several copies, and are jumped out of, each of these has
/// to find what the thread had before the first.
#[repr(C)]
pub(crate) struct Trace {
    magic: [usize; 2],
    before: Setting,
}

impl Trace {
    const MAGIC: [usize; 2] = [0x2f6c_9d35, 0x71b8_40ea];

    /// Writes it to the signal stack at `low`.
    ///
    /// # Safety
    /// The memory there can be written, and nobody uses it.
    pub(crate) unsafe fn write_at(low: usize, before: Setting) {
        let trace = ptr::with_exposed_provenance_mut::<Self>(low);
        // SAFETY: the caller's promise; the low end is aligned to a page.
        unsafe { trace.write(Self { magic: Self::MAGIC, before }) };
    }

    /// What was there before `signal_stack`, if that is a lent one of another copy. It may be any
    /// memory.
    fn find(signal_stack: &Range<usize>) -> Option<Setting> {
        let low = signal_stack.start;
        if !low.is_multiple_of(memory::page_bytes())
            || !probe::holds_for_certain(low, Self::MAGIC[0])
        {
            return None;
        }
        // SAFETY: aligned to a page, which can be read.
        let Self { magic, before } =
            unsafe { ptr::with_exposed_provenance::<Self>(low).read_volatile() };
        (magic == Self::MAGIC).then_some(before)
    }
}
