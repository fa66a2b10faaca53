//! The stacks of the process that no thread has.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::list::List;
use super::table::GRANULE_BYTES;
use super::{Header, IS_CLOSED, KEPT_BYTES, ROOM_BYTES, arena, memory, table};
use crate::checkers;
use crate::diagnostics::counters::{self, POOLED};
use crate::settings;
use crate::switch;

/// A list for each size of slots: the smallest, twice that, and so on. What needs a slot of a size
/// has room on each of them.
const SIZES: usize = (usize::BITS - GRANULE_BYTES.ilog2()) as usize;

static UNUSED: [List; SIZES] = [const { List::new() }; SIZES];

/// The same for stacks that have given their memory back, which are taken last.
static TRIMMED: [List; SIZES] = [const { List::new() }; SIZES];

/// How many unused stacks keep memory.
static SPARE: AtomicUsize = AtomicUsize::new(0);

/// Takes a stack with at least `room_bytes`, or maps one. The caller is the only one who has it.
///
/// Where frames can only be unwound towards higher addresses it lies below `sp`, where it is called
/// from, unless there is no place.
pub(crate) fn take(room_bytes: usize, sp: usize) -> Result<&'static Header, i32> {
    let (usual, least) = (at_least_usual(room_bytes), room_bytes.max(ROOM_BYTES));
    take_or_map(usual, sp).or_else(|error| {
        // What the settings ask for beyond that is no reason to have none.
        if least < usual { take_or_map(least, sp) } else { Err(error) }
    })
}

fn take_or_map(room_bytes: usize, sp: usize) -> Result<&'static Header, i32> {
    let slot_bytes = arena::slot_bytes_for(room_bytes).filter(|&bytes| bytes <= usize::MAX / 4);
    let slot_bytes = slot_bytes.ok_or(memory::NO_MEMORY)?;
    pooled(slot_bytes, sp).map_or_else(|| arena::map(slot_bytes, sp), Ok)
}

/// Takes a stack with at least `room_bytes` if there is an unused one: with small frames, and
/// without a system call.
pub(crate) fn take_unused(room_bytes: usize, sp: usize) -> Option<&'static Header> {
    pooled(arena::slot_bytes_for(at_least_usual(room_bytes))?, sp)
}

fn at_least_usual(room_bytes: usize) -> usize {
    room_bytes.max(settings::system_stack_bytes() + (ROOM_BYTES - settings::SYSTEM_STACK_BYTES))
}

fn pooled(slot_bytes: usize, sp: usize) -> Option<&'static Header> {
    let header = unused(slot_bytes, sp)?;
    POOLED.fetch_sub(1, Relaxed);
    keeps_no_more(header);
    counters::REUSED.fetch_add(1, Relaxed);
    Some(header)
}

fn unused(slot_bytes: usize, sp: usize) -> Option<&'static Header> {
    let size = (slot_bytes / GRANULE_BYTES).ilog2() as usize;
    let (list, trimmed) = (UNUSED.get(size)?, &TRIMMED[size]);
    if switch::UNWINDS_ONLY_UP {
        while let Some(header) = trimmed.pop() {
            list.push(header);
        }
        return below(list, slot_bytes, sp);
    }
    list.pop().or_else(|| trimmed.pop())
}

/// The highest of a list that lies below `sp`: the lower ones are left to bodies that
/// are called from this one's. Any other where none could be mapped below.
fn below(list: &List, slot_bytes: usize, sp: usize) -> Option<&'static Header> {
    let mut best: Option<&'static Header> = None;
    let others = List::new();
    while let Some(header) = list.pop() {
        if header.slot < sp && best.is_none_or(|best| best.slot < header.slot) {
            best.replace(header).into_iter().for_each(|best| others.push(best));
        } else {
            others.push(header);
        }
    }
    if best.is_none() && !has_place_below(slot_bytes, sp) {
        best = others.pop();
    }
    while let Some(header) = others.pop() {
        list.push(header);
    }
    best
}

#[cfg(windows)]
fn has_place_below(slot_bytes: usize, sp: usize) -> bool {
    memory::has_place_below(slot_bytes, sp)
}

#[cfg(not(windows))]
fn has_place_below(_slot_bytes: usize, _sp: usize) -> bool {
    true
}

/// Gives a stack back.
///
/// # Safety
/// It came from [`take`] and is unused, SP is not on it, and the caller does not use it again.
pub(crate) unsafe fn put(header: &'static Header) {
    header.owner.store(0, Relaxed);
    header.is_listed.store(false, Relaxed);
    header.is_returned.store(false, Relaxed);
    header.is_carved.store(false, Relaxed);
    // Of a thread that a fork has left behind.
    header.set_scratch(false);
    header.has_report_stack.store(false, Relaxed);
    header.lent_bytes.store(0, Relaxed);
    header.visits.store(0, Relaxed);
    header.ended_by.store(0, Relaxed);
    header.touched.store(0, Relaxed);
    if IS_CLOSED.load(Relaxed) {
        // SAFETY: the caller's promise.
        return unsafe { unmap(header) };
    }
    POOLED.fetch_add(1, Relaxed);
    let more = |spare| (spare < settings::spare_stacks()).then_some(spare + 1);
    let is_spare = SPARE.fetch_update(Relaxed, Relaxed, more).is_ok();
    header.is_spare.store(is_spare, Relaxed);
    // SAFETY: the caller's promise.
    unsafe { header.shrink(if is_spare { KEPT_BYTES } else { 0 }) };
    let lists = if is_spare { &UNUSED } else { &TRIMMED };
    lists[(header.slot_bytes / GRANULE_BYTES).ilog2() as usize].push(header);
}

/// A stack is taken out of the pool, or has given its memory back.
fn keeps_no_more(header: &Header) {
    if header.is_spare.swap(false, Relaxed) {
        SPARE.fetch_sub(1, Relaxed);
    }
}

/// Gives a stack back to the system, now that the library is closed.
///
/// # Safety
/// As for [`put`]; its header is not read again.
pub(crate) unsafe fn unmap(header: &'static Header) {
    checkers::unmapped(&header.notes, header.low, header.room_bytes);
    counters::UNMAPPED.fetch_add(1, Relaxed);
    // SAFETY: the caller's promise.
    unsafe { table::release(header) };
}

/// Gives the memory of stacks that no thread has back to the system, and returns how many there
/// are. Their addresses stay reserved for the next callbacks.
///
/// ```
/// let trimmed = guarded_callback::trim();
/// # let _ = trimmed;
/// ```
#[doc(alias("malloc_trim"))]
pub fn trim() -> usize {
    let count = POOLED.load(Relaxed);
    for (unused, trimmed) in UNUSED.iter().zip(&TRIMMED) {
        // One at a time, so that threads which begin meanwhile find the others.
        while let Some(header) = unused.pop() {
            // SAFETY: taken out of the pool, so nobody uses it.
            unsafe { header.shrink(0) };
            keeps_no_more(header);
            trimmed.push(header);
        }
    }
    count
}
