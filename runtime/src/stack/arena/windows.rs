//! Windows maps each stack by itself, since the kernel grows it page by page.

use super::Mapped;
use crate::settings;
use crate::stack::memory;

/// Maps a stack at the high end of a new slot, below `sp` if there is a place, and says what the
/// system is to be told of it.
pub(super) fn map_slot(slot_bytes: usize, stack_bytes: usize, sp: usize) -> Result<Mapped, i32> {
    /// What the system rounds the addresses of reservations down to: a stack of another size would
    /// not end where its slot does.
    const GRANULARITY_BYTES: usize = 64 * 1024;
    let bytes = (stack_bytes + settings::guard_bytes()).next_multiple_of(GRANULARITY_BYTES);
    let guard_bytes = bytes - stack_bytes;
    let os_stack = memory::map_stack(slot_bytes, bytes, guard_bytes, sp)?;
    let from = os_stack.deallocation;
    Ok(Mapped { slot: from + bytes - slot_bytes, from, os_stack })
}

/// No slots are reserved ahead.
pub(crate) fn release_unused() {}
