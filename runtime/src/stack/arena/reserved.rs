//! Where addresses can be reserved and opened part by part: everywhere but on Windows.

use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering::*};

use super::Mapped;
use crate::diagnostics::counters;
use crate::settings;
use crate::stack::table::{self, GRANULE_BYTES};
use crate::stack::{IS_CLOSED, SIGNAL_GUARD_BYTES, memory};
use crate::switch::OsStack;

/// From so many stacks on each is part of one mapping with its slot and its neighbours, where the
/// system can guard a part of a mapping: a process may have 65,530 (vm.max_map_count). Not from the
/// first on, as a fork copies the tables of these guard areas.
const MANY: usize = 1000;

/// Maps a stack at the high end of a new slot.
pub(super) fn map_slot(slot_bytes: usize, stack_bytes: usize, _sp: usize) -> Result<Mapped, i32> {
    let (slot, from) = reserve_slot(slot_bytes, stack_bytes)?;
    let low = slot + slot_bytes - stack_bytes;
    // SAFETY: a slot that nobody else has. What was guarded in vain does no harm.
    let is_open = unsafe {
        from == slot
            && counters::MAPPED.load(Relaxed) >= MANY
            && memory::guard(low - guard_bytes(), guard_bytes())
            && memory::guard(slot, SIGNAL_GUARD_BYTES)
            && memory::open(slot, slot_bytes).is_ok()
    };
    // SAFETY: the high end of that slot.
    if is_open { Ok(()) } else { unsafe { memory::open(low, stack_bytes) } }
        .map(|()| Mapped { slot, from, os_stack: OsStack::NONE })
        .inspect_err(|_| put_back(from..slot + slot_bytes))
}

/// Of the guard area below a stack, whole pages.
fn guard_bytes() -> usize {
    settings::guard_bytes().next_multiple_of(memory::page_bytes())
}

/// The next slot of the current arena: the number of its granule, and how many follow in the same
/// word. Zero at first.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Where the next arena should lie, zero at first.
static HINT: AtomicUsize = AtomicUsize::new(0);

/// How many slots the last arena had.
static ARENA_SLOTS: AtomicUsize = AtomicUsize::new(2);

const LARGEST_ARENA: usize = if cfg!(target_pointer_width = "64") { 64 } else { 1 };

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

/// Gives a slot back that is of no use: to the arena if it is the last one that was taken.
fn put_back(slot: Range<usize>) {
    let next = NEXT.load(Relaxed);
    let (number, left) = (next / (LARGEST_ARENA + 1), next % (LARGEST_ARENA + 1));
    let is_last = slot.len() == GRANULE_BYTES && slot.end == number * GRANULE_BYTES;
    let back = number.wrapping_sub(1).wrapping_mul(LARGEST_ARENA + 1) + left + 1;
    let is_back = is_last
        && left < LARGEST_ARENA
        && NEXT.compare_exchange(next, back, AcqRel, Relaxed).is_ok();
    if !is_back {
        // SAFETY: just reserved, and nobody knows it.
        unsafe { memory::release(slot.start, slot.len()) };
    }
}

/// A slot by itself, and where what is ours of it begins.
fn reserve_whole(slot_bytes: usize) -> Result<(usize, usize), i32> {
    reserve(slot_bytes, slot_bytes).map(|slot| (slot, slot))
}

/// The next slot of the arena; what stands in [`NEXT`] when it is used up.
fn next_of_arena() -> Result<usize, usize> {
    let next = NEXT.fetch_update(Acquire, Acquire, |next| {
        let (number, left) = (next / (LARGEST_ARENA + 1), next % (LARGEST_ARENA + 1));
        (left != 0).then(|| (number + 1) * (LARGEST_ARENA + 1) + left - 1)
    })?;
    Ok(next / (LARGEST_ARENA + 1) * GRANULE_BYTES)
}

/// How far apart the places are that an arena is asked for at, while each is taken: by another copy
/// of this runtime, perhaps. The last lies below 512 GiB, which may be all there is.
const STRIDE_BYTES: usize = (64_u64 << 30) as usize;
const PLACES: usize = if cfg!(target_pointer_width = "64") { 5 } else { 1 };

fn reserve(bytes: usize, align: usize) -> Result<usize, i32> {
    for tried in 1..=PLACES {
        let (place, before) = next_place(bytes, align, if tried == 1 { 0 } else { STRIDE_BYTES });
        let base = memory::reserve(bytes, align, place).inspect_err(|_| {
            let _ = HINT.compare_exchange(place.wrapping_add(bytes), before, Relaxed, Relaxed);
        })?;
        let is_of_use = table::can_hold(base, bytes);
        if is_of_use && (base == place || place == 0 || tried == PLACES) {
            return Ok(base);
        }
        // SAFETY: just reserved, and nobody knows it.
        unsafe { memory::release(base, bytes) };
    }
    Err(memory::NO_MEMORY)
}

/// Where to ask for so many bytes, `further` up than before, and the hint that was. No two threads
/// get the same place; it is 0, which leaves it to the system, where it knows better or the address
/// space ends.
fn next_place(bytes: usize, align: usize, further: usize) -> (usize, usize) {
    let after = |hint| {
        let hint = if hint == 0 { memory::first_hint() } else { hint };
        let place = hint.checked_add(further).filter(|_| hint != 0);
        place.and_then(|place| place.checked_next_multiple_of(align))
    };
    match HINT.fetch_update(Relaxed, Relaxed, |hint| after(hint)?.checked_add(bytes)) {
        Ok(before) => (after(before).unwrap_or(0), before),
        Err(before) => (0, before),
    }
}

/// A slot of which only the stack and its guard area are taken.
fn reserve_part(slot_bytes: usize, stack_bytes: usize) -> Result<(usize, usize), i32> {
    let page = memory::page_bytes();
    let bytes = stack_bytes + guard_bytes();
    let hint = HINT.load(Relaxed).max(memory::first_hint());
    // Near the end of the address space there is no next place: the system chooses.
    let hint = hint.checked_next_multiple_of(slot_bytes).unwrap_or(0);
    let base = memory::reserve(bytes, page, hint.wrapping_add(slot_bytes - bytes))?;
    let slot = base.wrapping_add(bytes).wrapping_sub(slot_bytes);
    if !slot.is_multiple_of(slot_bytes) || !table::can_hold(base, bytes) {
        // SAFETY: just reserved, and nobody knows it.
        unsafe { memory::release(base, bytes) };
        return Err(memory::NO_MEMORY);
    }
    HINT.store(slot.wrapping_add(slot_bytes), Relaxed);
    Ok((slot, base))
}

/// Gives back the slots of the last arena that were never used. Nobody asks for more.
pub(crate) fn release_unused() {
    let next = NEXT.swap(0, AcqRel);
    let (number, left) = (next / (LARGEST_ARENA + 1), next % (LARGEST_ARENA + 1));
    // SAFETY: reserved, and never used.
    unsafe { memory::release(number * GRANULE_BYTES, left * GRANULE_BYTES) };
}
