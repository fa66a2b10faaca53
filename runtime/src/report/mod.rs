//! What the runtime tells people: counters, the picture of a thread's stacks, why a body could not run, and which one has overflowed.

pub(crate) mod counters;
mod line;
pub(crate) mod map;
pub(crate) mod overflow;
pub(crate) mod refusal;

use core::sync::atomic::Ordering;

use crate::callback::Callback;
use crate::stack::{Header, IDLE, Record};

/// The callback whose body runs on the stack.
fn running_on(header: &Header) -> Option<&'static Callback> {
    let host = header.host.load(Ordering::Acquire);
    if host == IDLE {
        return None;
    }
    // SAFETY: while an activation lives, `host` is the address of its record; an abandoned one has left its record
    // in stack memory that is still mapped, and its first word tells that it is not the record any more.
    unsafe {
        let record = host as *const Record;
        if !core::ptr::eq((&raw const (*record).header).read_volatile(), header) {
            return None;
        }
        (&raw const (*record).callback).read_volatile().as_ref()
    }
}
