//! Windows: the thread environment block (TEB) knows the stack in use, of a fiber too.

use windows_sys::Win32::System::Threading::IsThreadAFiber;

use crate::bounds::{Source, StackBounds};
use crate::stack::memory;
use crate::switch::OsStack;

/// Later the system knows the stack that the thread has switched to. It costs little to ask.
pub(crate) const KNOWN_ON_ARRIVAL_ONLY: bool = true;

/// As [`super::thread_stack`]; `os_stack` is what the TEB said of the stack that C called from.
///
/// Nothing is known of the own stack of a thread that has become a fiber: the TEB tells of the
/// fiber that runs, which may be deleted before the thread ends.
pub(crate) fn thread_stack_of(
    _sp: usize,
    os_stack: &OsStack,
    _may_call_libc: bool,
) -> Option<StackBounds> {
    // SAFETY: no preconditions.
    let is_fiber = unsafe { IsThreadAFiber() } != 0;
    if is_fiber { None } else { bounds(os_stack) }
}

/// The stack in use: the thread's own, or a fiber's. On a stack that nobody told the system of,
/// `sp` lies outside.
pub(crate) fn bounds_at(sp: usize) -> Option<StackBounds> {
    bounds(&OsStack::now()).filter(|bounds| bounds.contains(sp))
}

fn bounds(os_stack: &OsStack) -> Option<StackBounds> {
    let allocation_of_top = memory::allocation_base(os_stack.base.checked_sub(1)?);
    let own = os_stack.own_range(allocation_of_top, memory::page_bytes())?;
    Some(StackBounds::new(own.start, own.end, Source::Thread))
}
