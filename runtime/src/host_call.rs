//! From inside of a body back to the calling stack, for a while.

use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use crate::call::call_on;
use crate::locate::{Kind, locate};
use crate::stack::Header;
use crate::switch::{self, SwitchRecord};
use crate::{fast, thread};

/// Runs `call` on the calling stack of the body that SP is in, or where SP is.
pub(crate) fn on_host_stack<R>(call: impl FnOnce() -> R) -> R {
    if let Kind::System(header) = locate(thread::current(), switch::stack_pointer()).kind
        && let Some(sp) = left_at(header)
    {
        on_host_of(header, sp, call)
    } else {
        call()
    }
}

/// Where the running activation has left the calling stack; `None` while it has not. One of the
/// fast path leaves it a few instructions after it has noted its record.
pub(crate) fn left_at(header: &Header) -> Option<usize> {
    let record = header.record()?;
    match header.switch.sp() {
        _ if fast::has_made(record) => Some(fast::left_at(record)),
        0 => None,
        sp => Some(sp),
    }
}

fn on_host_of<R>(header: &'static Header, sp: usize, call: impl FnOnce() -> R) -> R {
    struct Visit(&'static Header);
    impl Drop for Visit {
        fn drop(&mut self) {
            self.0.visits.fetch_sub(1, Relaxed);
        }
    }
    // Keeps the activation from being taken for dead because its calling stack is in use.
    header.visits.fetch_add(1, Relaxed);
    let _visit = Visit(header);
    let top = ptr::with_exposed_provenance_mut(sp & !63);
    // SAFETY: the header stays.
    let record = unsafe { SwitchRecord::to(header.switch.os.calling_stack()) };
    // SAFETY: below the SP at which the activation left its calling stack nothing lives, as that
    // waits for the body which this is a part of.
    unsafe { call_on(call, top, &record) }
}
