//! Windows: the thread environment block (TEB) knows the stack in use, of a fiber too.

use windows_sys::Win32::System::Threading::IsThreadAFiber;

use crate::bounds::{Source, StackBounds};
use crate::stack::memory;
use crate::switch::OsStack;

/// Nothing is known of the own stack of a thread that has become a fiber: the TEB tells of the
/// fiber that runs, which may be deleted before the thread ends.
pub(crate) fn thread_stack(
    _sp: usize,
    os_stack: &OsStack,
    _may_call_libc: bool,
) -> Option<StackBounds> {
    // SAFETY: no preconditions.
    let is_fiber = unsafe { IsThreadAFiber() } != 0;
    if is_fiber { None } else { os_stack.bounds() }
}

impl OsStack {
    /// The stack that was in use: the thread's own, or a fiber's.
    pub(super) fn bounds(&self) -> Option<StackBounds> {
        let allocation_of_top = memory::allocation_base(self.base.checked_sub(1)?);
        let own = self.own_range(allocation_of_top, memory::page_bytes())?;
        Some(StackBounds::new(own.start, own.end, Source::Thread))
    }
}
