//! The public view of a stack: its bounds and where they are known from.

use core::fmt;

use crate::switch::Told;
use crate::thread::signal_stack;
use crate::{guard, register, switch, thread};

/// Who told the bounds of a stack, and so how far they can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The C library, for a thread that it made: exact.
    Thread,
    /// Computed for the main thread from the end of its stack and RLIMIT_STACK when a callback first depends on them.
    MainThread,
    /// A range given to the runtime by whoever made the stack.
    Registered,
    /// The alternate signal stack, as `sigaltstack(2)` tells it. It tells of none while a handler runs on one with `SS_AUTODISARM`.
    Signal,
    /// A system stack of this runtime: exact.
    System,
    /// A guess below and above the first SP seen, on systems that do not tell.
    Estimated,
}

/// The usable part of a stack: code on it can use every address from `low` up to, not including, `high`.
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

    /// The bounds of the stack that this function is called on; `None` on a foreign stack, such as a
    /// coroutine's, of which nothing is known.
    #[must_use]
    pub fn current() -> Option<Self> {
        let sp = switch::stack_pointer();
        thread::system_stack_at(sp)
            .or_else(|| register::find(sp))
            .or_else(|| signal_stack::bounds_at(sp))
            .or_else(|| Self::of_thread().filter(|bounds| bounds.contains(sp)))
            .or_else(|| guard::bounds_at(sp))
    }

    /// The bounds of the calling thread's own stack, whatever stack the call is made on; `None` when the system
    /// does not tell.
    #[must_use]
    pub fn of_thread() -> Option<Self> {
        thread::bounds().unwrap_or_else(|| guard::thread_bounds(switch::stack_pointer(), &Told::now()))
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

    /// Whether `address` lies on the stack. Both ends are tested: an address above the stack is not on it.
    #[must_use]
    pub const fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.low) < self.high - self.low
    }
}

impl fmt::Display for StackBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:#x}, {:#x}) {} KiB, {:?}", self.low, self.high, (self.high - self.low) / 1024, self.source)
    }
}

/// Bytes between SP and the lowest usable address of the stack that the call is made on; `None` on a foreign
/// stack.
///
/// ```
/// assert!(guarded_callback::remaining_stack().is_some_and(|bytes| bytes > 16 * 1024));
/// ```
#[must_use]
pub fn remaining_stack() -> Option<usize> {
    StackBounds::current().map(|bounds| switch::stack_pointer().saturating_sub(bounds.low))
}

/// Whether the call is made on a system stack of this runtime, held by the calling thread.
///
/// ```
/// assert!(!guarded_callback::on_system_stack());
/// ```
#[must_use]
pub fn on_system_stack() -> bool {
    thread::system_stack_at(switch::stack_pointer()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: StackBounds = StackBounds::new(0x1000, 0x3000, Source::Registered);

    #[test]
    fn addresses_beside_a_stack_count_as_on_it() {
        assert!(BOUNDS.contains(0x1000) && BOUNDS.contains(0x2fff));
        for beside in [0, 0xfff, 0x3000, usize::MAX] {
            assert!(!BOUNDS.contains(beside), "{beside:#x}");
        }
    }

    #[test]
    fn stack_at_the_end_of_the_address_space_has_no_addresses() {
        let highest = StackBounds::new(usize::MAX - 0xfff, usize::MAX, Source::Registered);
        assert!(highest.contains(usize::MAX - 1) && !highest.contains(usize::MAX) && !highest.contains(0));
    }
}
