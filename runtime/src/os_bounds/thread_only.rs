//! Systems that know the thread's own stack whatever stack is in use, and no other.

use super::system;
use crate::bounds::StackBounds;
use crate::switch::OsStack;

/// Whether the bounds must be taken when C calls for the first time, before the thread has left
/// its stack.
pub(crate) const KNOWN_ON_ARRIVAL_ONLY: bool = false;

/// As [`super::thread_stack`]; `os_stack` has the system's fields for the stack with `sp`, from
/// when that was in use.
pub(crate) fn thread_stack_of(
    sp: usize,
    _os_stack: &OsStack,
    may_call_libc: bool,
) -> Option<StackBounds> {
    system::thread_stack(sp, may_call_libc)
}

/// The bounds of the stack in use where the system knows it, whoever made it; `sp` lies on it.
pub(crate) fn bounds_at(_sp: usize) -> Option<StackBounds> {
    None
}
