//! Where new slots come from.
//!
//! Slots of the usual size lie side by side in arenas of 4, 8, .. 64, reserved at once: so the
//! addresses of a process's stacks are close together, and its mappings few. A larger slot is
//! reserved by itself, and so is one where the system refuses more. A stack takes two mappings: its
//! own, and the rest of its slot.

use core::cell::Cell;
#[cfg(not(windows))]
use core::sync::atomic::{AtomicUsize, Ordering::*};

#[cfg(not(windows))]
use super::IS_CLOSED;
use super::table::{self, GRANULE_BYTES};
use super::{EXTRA_BYTES, Header, IDLE, SIGNAL_STACK_BYTES, memory};
use crate::checkers;
use crate::diagnostics::counters;
use crate::settings;
use crate::switch::{OsStack, SwitchRecord};

/// Bytes of the slot for a stack with so much room.
pub(super) fn slot_bytes_for(room_bytes: usize) -> usize {
    let stack = room_bytes.saturating_add(EXTRA_BYTES);
    let slot = stack.saturating_add(settings::guard_bytes()).saturating_add(SIGNAL_STACK_BYTES);
    slot.max(GRANULE_BYTES).checked_next_power_of_two().unwrap_or(usize::MAX)
}

/// Maps a stack in a slot of this size, with at least `room_bytes`, and writes its header.
///
/// # Errors
/// The system's error code when a mapping fails.
#[inline(never)]
pub(super) fn map(room_bytes: usize, slot_bytes: usize, sp: usize) -> Result<&'static Header, i32> {
    let page = memory::page_bytes();
    let stack_bytes = (room_bytes + EXTRA_BYTES).next_multiple_of(page);
    let Mapped { slot, from, os_stack } = map_slot(slot_bytes, stack_bytes, sp)?;
    let low = slot + slot_bytes - stack_bytes;
    let header = slot + slot_bytes - size_of::<Header>().next_multiple_of(64);
    let header = core::ptr::with_exposed_provenance_mut::<Header>(header);
    let new = Header {
        // SAFETY: the address of a field of the header that is about to be written, and stays.
        switch: unsafe { SwitchRecord::to(&raw const (*header).os_stack) },
        os_stack: Cell::new(os_stack),
        mapped_from: from,
        ..Header::new(low..header.addr(), slot, slot_bytes, core::ptr::null(), IDLE)
    };
    // SAFETY: the high end of memory that was just mapped readable and writable and that nobody
    // else knows; the end of a slot is aligned, and the size of a header is a multiple of 64.
    unsafe { header.write(new) };
    table::add(slot, slot_bytes, header)?;
    // SAFETY: as above; the link is written before the header is findable through it.
    table::publish(header, |next| unsafe { (*header).next_mapped = next });
    counters::mapped();
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

/// Maps a stack at the high end of a new slot, below `sp` if there is a place, and says what the
/// system is to be told of it.
#[cfg(windows)]
fn map_slot(slot_bytes: usize, stack_bytes: usize, sp: usize) -> Result<Mapped, i32> {
    /// What the system rounds the addresses of reservations down to: a stack of another size would
    /// not end where its slot does.
    const GRANULARITY_BYTES: usize = 64 * 1024;
    let bytes = (stack_bytes + settings::guard_bytes()).next_multiple_of(GRANULARITY_BYTES);
    let guard_bytes = bytes - stack_bytes;
    let base = memory::map_stack(slot_bytes, bytes, guard_bytes, sp)?;
    let os_stack = memory::os_stack(base, bytes, guard_bytes);
    Ok(Mapped { slot: base + bytes - slot_bytes, from: base, os_stack })
}

#[cfg(not(windows))]
fn map_slot(slot_bytes: usize, stack_bytes: usize, _sp: usize) -> Result<Mapped, i32> {
    let (slot, from) = reserve_slot(slot_bytes, stack_bytes)?;
    let low = slot + slot_bytes - stack_bytes;
    // SAFETY: the high end of a slot that nobody else has; without it the slot is of no use.
    unsafe { memory::open(low, stack_bytes).inspect_err(|_| memory::release(low, stack_bytes)) }?;
    Ok(Mapped { slot, from, os_stack: OsStack::NONE })
}

/// The next slot of the current arena: the number of its granule, and how many follow in the same
/// word. Zero at first.
#[cfg(not(windows))]
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Where the next arena should lie, zero at first.
#[cfg(not(windows))]
static HINT: AtomicUsize = AtomicUsize::new(0);

/// How many slots the last arena had.
#[cfg(not(windows))]
static ARENA_SLOTS: AtomicUsize = AtomicUsize::new(2);

#[cfg(not(windows))]
const LARGEST_ARENA: usize = if cfg!(target_pointer_width = "64") { 64 } else { 1 };

#[cfg(not(windows))]
fn reserve_slot(slot_bytes: usize, stack_bytes: usize) -> Result<(usize, usize), i32> {
    if slot_bytes != GRANULE_BYTES || IS_CLOSED.load(Relaxed) {
        return reserve_whole(slot_bytes);
    }
    let used_up = match next_of_arena() {
        Ok(slot) => return Ok((slot, slot)),
        Err(used_up) => used_up,
    };
    let slots = (ARENA_SLOTS.load(Relaxed) * 2).min(LARGEST_ARENA);
    match reserve(slots * GRANULE_BYTES, GRANULE_BYTES) {
        Ok(arena) => {
            let next = (table::number(arena) + 1) * (LARGEST_ARENA + 1) + slots - 1;
            match NEXT.compare_exchange(used_up, next, AcqRel, Relaxed) {
                Ok(_) => ARENA_SLOTS.store(slots, Relaxed),
                // Another thread has come first with an arena of its own.
                // SAFETY: just reserved, and nobody knows it.
                Err(_) => unsafe {
                    memory::release(arena + GRANULE_BYTES, (slots - 1) * GRANULE_BYTES);
                },
            }
            Ok((arena, arena))
        }
        // RLIMIT_AS, or an address space that is nearly full: one slot, and if that is refused as
        // well, only its upper part.
        Err(_) => reserve_whole(slot_bytes).or_else(|_| reserve_part(slot_bytes, stack_bytes)),
    }
}

/// A slot by itself, and where what is ours of it begins.
#[cfg(not(windows))]
fn reserve_whole(slot_bytes: usize) -> Result<(usize, usize), i32> {
    reserve(slot_bytes, slot_bytes).map(|slot| (slot, slot))
}

/// The next slot of the arena; what stands in [`NEXT`] when it is used up.
#[cfg(not(windows))]
fn next_of_arena() -> Result<usize, usize> {
    let mut next = NEXT.load(Acquire);
    loop {
        let (number, left) = (next / (LARGEST_ARENA + 1), next % (LARGEST_ARENA + 1));
        if left == 0 {
            return Err(next);
        }
        let after = (number + 1) * (LARGEST_ARENA + 1) + left - 1;
        match NEXT.compare_exchange_weak(next, after, Acquire, Acquire) {
            Ok(_) => return Ok(number * GRANULE_BYTES),
            Err(now) => next = now,
        }
    }
}

#[cfg(not(windows))]
fn reserve(bytes: usize, align: usize) -> Result<usize, i32> {
    let hint = match HINT.load(Relaxed) {
        0 => memory::first_hint(),
        hint => hint,
    };
    let base = memory::reserve(bytes, align, hint.checked_next_multiple_of(align).unwrap_or(0))?;
    if !table::can_hold(base, bytes) {
        // SAFETY: just reserved, and nobody knows it.
        unsafe { memory::release(base, bytes) };
        return Err(libc_enomem());
    }
    HINT.store(base.wrapping_add(bytes), Relaxed);
    Ok(base)
}

/// A slot of which only the stack and its guard area are taken.
#[cfg(not(windows))]
fn reserve_part(slot_bytes: usize, stack_bytes: usize) -> Result<(usize, usize), i32> {
    let page = memory::page_bytes();
    let bytes = stack_bytes + settings::guard_bytes().next_multiple_of(page);
    let hint = HINT.load(Relaxed).max(memory::first_hint());
    // Near the end of the address space there is no next place: the system chooses.
    let hint = hint.checked_next_multiple_of(slot_bytes).unwrap_or(0);
    let base = memory::reserve(bytes, page, hint.wrapping_add(slot_bytes - bytes))?;
    let slot = base.wrapping_add(bytes).wrapping_sub(slot_bytes);
    if !slot.is_multiple_of(slot_bytes) || !table::can_hold(base, bytes) {
        // SAFETY: just reserved, and nobody knows it.
        unsafe { memory::release(base, bytes) };
        return Err(libc_enomem());
    }
    HINT.store(slot.wrapping_add(slot_bytes), Relaxed);
    Ok((slot, base))
}

#[cfg(unix)]
fn libc_enomem() -> i32 {
    libc::ENOMEM
}

#[cfg(not(any(unix, windows)))]
fn libc_enomem() -> i32 {
    0
}

/// Gives back the slots of the last arena that were never used. Nobody asks for more.
#[cfg(not(windows))]
pub(crate) fn release_unused() {
    let next = NEXT.swap(0, AcqRel);
    let (number, left) = (next / (LARGEST_ARENA + 1), next % (LARGEST_ARENA + 1));
    // SAFETY: reserved, and never used.
    unsafe { memory::release(number * GRANULE_BYTES, left * GRANULE_BYTES) };
}

#[cfg(windows)]
pub(crate) fn release_unused() {}
