//! Which stack an address lies on, from the address alone.

use crate::bounds::{Source, StackBounds};
use crate::registry;
use crate::stack::{Header, table};
use crate::thread::Thread;

/// The stack that an address lies on, as far as it is known.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Registered(StackBounds),
    /// The alternate signal stack.
    Signal(StackBounds),
    System(&'static Header),
    /// The calling thread's own stack.
    Thread(StackBounds),
    Foreign,
}

/// Finds the stack that `address` lies on. The narrowest that is known wins: registered stacks and
/// signal stacks may be carved out of the others.
pub(crate) fn locate(thread: Option<&Thread>, address: usize) -> Place {
    let slot = table::slot_at(address);
    let signal = slot
        .map(Header::lent_stack)
        .filter(|lent| lent.contains(&address))
        .or_else(|| thread.map(Thread::signal_stack).filter(|known| known.contains(&address)))
        .map(|range| StackBounds::new(range.start, range.end, Source::Signal));
    match (registry::find(address), signal) {
        (Some(registered), Some(signal)) if bytes(&signal) < bytes(&registered) => {
            return Place::Signal(signal);
        }
        (Some(registered), _) => return Place::Registered(registered),
        (None, Some(signal)) => return Place::Signal(signal),
        (None, None) => {}
    }
    if let Some(header) = slot.filter(|header| header.contains(address)) {
        return Place::System(header);
    }
    match thread.and_then(|thread| thread.bounds().flatten()) {
        Some(bounds) if bounds.contains(address) => Place::Thread(bounds),
        _ => Place::Foreign,
    }
}

fn bytes(bounds: &StackBounds) -> usize {
    bounds.high() - bounds.low()
}

impl Place {
    /// `None` on a foreign stack.
    pub(crate) fn bounds(self) -> Option<StackBounds> {
        match self {
            Self::Registered(bounds) | Self::Signal(bounds) | Self::Thread(bounds) => Some(bounds),
            Self::System(header) => {
                let high = header.low + header.room_bytes;
                Some(StackBounds::new(header.low, high, Source::System))
            }
            Self::Foreign => None,
        }
    }

    /// Bytes between `sp`, which lies on the stack, and the lowest usable address.
    pub(crate) fn room_bytes(self, sp: usize) -> Option<usize> {
        self.bounds().map(|bounds| sp - bounds.low())
    }
}
