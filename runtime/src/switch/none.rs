//! Architectures without a switch of ours, and Miri: nothing is ever switched, everything runs in place.

pub(crate) const SUPPORTED: bool = false;

/// An address in the caller's frame, as near to SP as portable code gets.
#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let marker = 0_u8;
    (&raw const marker).addr()
}

/// # Safety
/// As in the other files; here the function runs in place.
pub(crate) unsafe fn call_on_stack(
    argument: *mut u8,
    function: unsafe extern "C-unwind" fn(*mut u8),
    _top: *mut u8,
    _left_at: *mut usize,
) {
    // SAFETY: passed on to the caller.
    unsafe { function(argument) };
}
