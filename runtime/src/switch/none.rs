//! Architectures without a switch of ours, and Miri: everything runs in place.

use super::{Callee, SwitchRecord};

pub(crate) const SUPPORTED: bool = false;

/// An address in the caller's frame, as near to SP as portable code gets.
#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let marker = 0_u8;
    (&raw const marker).addr()
}

/// # Safety
/// As for [`super::call_on_stack`].
pub(crate) unsafe extern "C-unwind" fn call_on_stack(
    argument: *mut u8,
    function: Callee,
    _top: *mut u8,
    _record: &SwitchRecord,
) {
    // SAFETY: the caller's promise.
    unsafe { function(argument) };
}
