//! The bounds of a stack, and where they are known from.

use core::fmt;

/// Who told the bounds of a stack, and so how far they can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The C library, for a thread that it made, or Windows, for any thread: exact.
    Thread,
    /// Computed for the main thread from the end of its stack and from what it may grow to.
    MainThread,
    /// A range given to [`register_stack`](crate::register_stack).
    Registered,
    /// The alternate signal stack, as `sigaltstack(2)` tells it.
    Signal,
    /// A system stack of this runtime: exact.
    System,
    /// A guess below and above the first SP seen, on systems that do not tell.
    Estimated,
}

/// The usable part of a stack: code on it can use every address from `low` up to, not including,
/// `high`.
///
/// Guard pages and what else the system does not let a thread use are already subtracted.
///
/// ```
/// let bounds = guarded_callback::StackBounds::current().expect("the thread's own stack is known");
/// let local = 0_u8;
/// assert!(bounds.contains((&raw const local).addr()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StackBounds {
    low: usize,
    high: usize,
    source: Source,
}

impl StackBounds {
    pub(crate) const fn new(low: usize, high: usize, source: Source) -> Self {
        Self { low, high, source }
    }

    /// The lowest usable address.
    #[must_use]
    pub const fn low(&self) -> usize {
        self.low
    }

    /// The address after the highest usable one.
    #[must_use]
    pub const fn high(&self) -> usize {
        self.high
    }

    /// Who told the bounds.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whether `address` lies on the stack. Both ends are tested: an address above the stack is not
    /// on it.
    #[must_use]
    pub const fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.low) < self.high - self.low
    }
}

impl fmt::Display for StackBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = (self.high - self.low) / 1024;
        write!(f, "[{:#x}, {:#x}) {kib} KiB, {:?}", self.low, self.high, self.source)
    }
}
