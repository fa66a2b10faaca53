//! Windows: the thread environment block knows the stack in use, of a fiber too.

use windows_sys::Win32::System::Threading::IsThreadAFiber;

use super::answers::windows::Answers;
use crate::bounds::StackBounds;
use crate::stack::memory;
use crate::switch::Told;
use crate::switch::fields::Fields;

/// Later the system knows the stack that the thread has switched to. It costs little to ask.
pub(crate) const KNOWN_ON_ARRIVAL_ONLY: bool = true;

/// Nothing is known of the own stack of a thread that has become a fiber: the block tells of the fiber that runs, which may be deleted
/// before the thread ends.
pub(crate) fn thread_bounds(_sp: usize, told: &Told) -> Option<StackBounds> {
    // SAFETY: no preconditions.
    if unsafe { IsThreadAFiber() } != 0 {
        return None;
    }
    bounds(&told.fields())
}

/// The stack in use: the thread's own, or a fiber's. On a stack that nobody told the system of, `sp` lies outside.
pub(crate) fn bounds_at(sp: usize) -> Option<StackBounds> {
    bounds(&Told::now().fields()).filter(|bounds| bounds.contains(sp))
}

fn bounds(fields: &Fields) -> Option<StackBounds> {
    let Fields { base: stack_base, limit, deallocation: allocation_base, guarantee_bytes } = *fields;
    let allocation_of_top = memory::allocation_base(stack_base.checked_sub(1)?);
    let page_bytes = memory::page_bytes();
    Answers { allocation_base, stack_base, limit, allocation_of_top, guarantee_bytes, page_bytes }.bounds()
}
