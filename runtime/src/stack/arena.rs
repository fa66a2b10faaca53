//! Where new slots come from.
//!
//! Slots of the usual size lie side by side in arenas of 4, 8, .. 64, reserved at once: so the
//! addresses of a process's stacks are close together, and its mappings few. A larger slot is
//! reserved by itself, and so is one where the system refuses more. A stack takes two mappings, its
//! own and the rest of its slot, until there are many.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg_attr(not(windows), path = "arena/reserved.rs")]
#[cfg_attr(windows, path = "arena/windows.rs")]
mod imp;

use super::calling::UNUSED;
use super::table::{self, GRANULE_BYTES};
use super::{EXTRA_BYTES, Header, MARK, ROOM_BYTES, SIGNAL_STACK_BYTES, memory};
use crate::checkers;
use crate::diagnostics::counters;
use crate::settings;
use crate::switch::{OsStack, SwitchRecord};

pub(crate) use imp::release_unused;

/// Pages are no larger anywhere.
const LARGEST_PAGE_BYTES: usize = 64 * 1024;

/// Bytes of the stack in a slot of this size: the upper half, and some. The same in all slots of a
/// size, so that any has room for whatever needs such a slot. Nobody is asked for the size of a
/// page: this is called where little of the calling stack is left.
fn stack_bytes_in(slot_bytes: usize) -> usize {
    const MORE_BYTES: usize = ROOM_BYTES - settings::SYSTEM_STACK_BYTES + EXTRA_BYTES;
    slot_bytes / 2 + MORE_BYTES.next_multiple_of(LARGEST_PAGE_BYTES)
}

/// Bytes of the slot for a stack with so much room; `None` for more than there are addresses.
pub(super) fn slot_bytes_for(room_bytes: usize) -> Option<usize> {
    let needed = room_bytes.checked_add(EXTRA_BYTES)?;
    let below = settings::guard_bytes().checked_add(SIGNAL_STACK_BYTES)?;
    let mut slot = GRANULE_BYTES;
    while stack_bytes_in(slot) < needed || slot - stack_bytes_in(slot) < below {
        slot = slot.checked_mul(2)?;
    }
    Some(slot)
}

/// Maps a stack in a slot of this size, and writes its header.
#[inline(never)]
pub(super) fn map(slot_bytes: usize, sp: usize) -> Result<&'static Header, i32> {
    let stack_bytes = stack_bytes_in(slot_bytes);
    let Mapped { slot, from, os_stack } = imp::map_slot(slot_bytes, stack_bytes, sp)?;
    let low = slot + slot_bytes - stack_bytes;
    let header = slot + slot_bytes - size_of::<Header>().next_multiple_of(64);
    let header = core::ptr::with_exposed_provenance_mut::<Header>(header);
    let new = Header {
        // SAFETY: the address of a field of the header that is about to be written, and stays.
        switch: unsafe { SwitchRecord::to(&raw const (*header).os_stack) },
        os_stack: Cell::new(os_stack),
        calling: AtomicUsize::new(UNUSED),
        room_bytes: header.addr() - low,
        low,
        slot,
        slot_bytes,
        mapped_from: from,
        mark: AtomicUsize::new(MARK),
        ..Header::zeroed()
    };
    // SAFETY: the high end of memory that was just mapped readable and writable and that nobody
    // else knows; the end of a slot is aligned, and the size of a header is a multiple of 64.
    unsafe { header.write(new) };
    table::add(slot, slot_bytes, header).inspect_err(|_| {
        // SAFETY: ours from there to its end, and nobody else knows it.
        unsafe { memory::release(from, slot + slot_bytes - from) }
    })?;
    // SAFETY: as above; the link is written before the header is findable through it.
    table::publish(header, |next| unsafe { (*header).next_mapped = next });
    counters::MAPPED.fetch_add(1, Relaxed);
    // SAFETY: written above, and mapped until the library is closed.
    let header = unsafe { &*header };
    checkers::mapped(&header.notes, header.low, header.room_bytes);
    Ok(header)
}

/// A new slot with a stack at its high end.
struct Mapped {
    slot: usize,
    /// The lowest address of the slot that is ours.
    from: usize,
    os_stack: OsStack,
}
