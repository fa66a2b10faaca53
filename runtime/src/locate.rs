//! Which stack an address lies on, from the address alone.

use crate::bounds::{Source, StackBounds};
use crate::registry;
use crate::stack::{Header, table};
use crate::thread::Thread;

/// The stack that an address lies on, as far as it is known.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// The bounds; both 0 on a foreign stack.
    low: usize,
    high: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Registered,
    Signal,
    System(&'static Header),
    /// The calling thread's own stack.
    Thread,
    Foreign,
}

/// Finds the stack that `address` lies on. The narrowest that is known wins: registered stacks,
/// signal stacks and those of other threads may be carved out of the others.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn locate(thread: Option<&Thread>, address: usize) -> Place {
    let mut place = match table::slot_at(address) {
        Some(header) if header.contains(address) => {
            Place::new(Kind::System(header), header.low, header.low + header.room_bytes)
        }
        Some(header) if header.lent_stack().contains(&address) => {
            Place::new(Kind::Signal, header.lent_stack().start, header.lent_stack().end)
        }
        _ => Place::new(Kind::Foreign, 0, 0),
    };
    if let Some(thread) = thread {
        // A body may have made the thread, on a stack in its own frame.
        if let Some((low, high)) = thread.stack.with(address) {
            place.narrow(Kind::Thread, low, high);
        }
        if let Some((low, high)) = thread.signal_stack.with(address) {
            place.narrow(Kind::Signal, low, high);
        }
    }
    if let Some((low, high)) = registry::find(address, thread.map(|thread| &thread.registry_hint)) {
        place.narrow(Kind::Registered, low, high);
    }
    place
}

impl Place {
    fn new(kind: Kind, low: usize, high: usize) -> Self {
        Self { kind, low, high }
    }

    /// The calling thread's own stack, with these bounds.
    pub(crate) fn on_thread(bounds: StackBounds) -> Self {
        Self::new(Kind::Thread, bounds.low(), bounds.high())
    }

    /// Takes a stack that the address lies on as well, if that is narrower.
    #[inline]
    fn narrow(&mut self, kind: Kind, low: usize, high: usize) {
        if self.high == 0 || high - low < self.high - self.low {
            *self = Self::new(kind, low, high);
        }
    }

    /// `None` on a foreign stack. `thread` is the one that the place was found for.
    pub(crate) fn bounds(&self, thread: Option<&Thread>) -> Option<StackBounds> {
        let source = match self.kind {
            Kind::Registered => Source::Registered,
            Kind::Signal => Source::Signal,
            Kind::System(_) => Source::System,
            Kind::Thread => return thread.and_then(|thread| thread.bounds().flatten()),
            Kind::Foreign => return None,
        };
        Some(StackBounds::new(self.low, self.high, source))
    }

    pub(crate) fn is_known(&self) -> bool {
        self.high != 0
    }

    /// Bytes between `sp`, which lies on the stack, and the lowest usable address; 0 on a foreign
    /// stack.
    #[inline]
    pub(crate) fn room_bytes(&self, sp: usize) -> usize {
        if self.high == 0 { 0 } else { sp - self.low }
    }
}
