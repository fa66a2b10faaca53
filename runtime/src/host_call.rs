//! From inside of a body back to the calling stack, for a while.

use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use crate::call::call_on;
use crate::locate::{Kind, locate};
use crate::stack::Header;
use crate::switch::{self, SwitchRecord};
use crate::{fast, thread};

/// From inside of a body, runs `call` on the calling stack: the one that C called from. For calls
/// back into hosts that check their own stack bounds, such as JavaScript engines and virtual
/// machines.
///
/// On any other stack `call` runs where it is. How much room the calling stack has left is the
/// caller's to know: `call` should be a thin call into the host. Guarded callbacks that the host
/// makes from there are guarded as usual.
///
/// # Panics
/// With the panics of `call`, which cross the switch.
///
/// ```
/// use guarded_callback::{Mode, Options, call_guarded, on_host_stack, on_system_stack};
/// static BODY: Options = Options::new("body").switch(Mode::Always);
/// call_guarded(&BODY, || {
///     assert!(on_system_stack());
///     on_host_stack(|| assert!(!on_system_stack()));
/// });
/// ```
#[doc(alias("calling_stack"))]
pub fn on_host_stack<R>(call: impl FnOnce() -> R) -> R {
    struct Visit(&'static Header);
    impl Drop for Visit {
        fn drop(&mut self) {
            self.0.visits.fetch_sub(1, Relaxed);
        }
    }
    let place = locate(thread::current(), switch::stack_pointer());
    let Kind::System(header) = place.kind else { return call() };
    let Some(sp) = left_at(header) else { return call() };
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
