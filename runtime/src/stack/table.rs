//! Which system stack an address lies on: a table with two levels over the whole address space, in
//! granules of the smallest slot's size. Reading it takes no lock and no walk.

use core::ops::{ControlFlow, Range};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::*};

use super::{Header, memory};

/// The smallest slot: 16 MiB of the 47 or 48 bits that 64-bit systems hand out, 2 MiB of 32.
pub(crate) const GRANULE_BYTES: usize =
    if cfg!(target_pointer_width = "64") { 16 << 20 } else { 2 << 20 };

/// Addresses from here on are in no table: a system that maps there without being asked to is not
/// used for system stacks.
const END: u128 = if cfg!(target_pointer_width = "64") { 1 << 48 } else { 1 << 32 };

/// How many granules there are: a power of two.
pub(crate) const GRANULE_NUMBERS: usize = (END / GRANULE_BYTES as u128) as usize;

const LEAF_ENTRIES: usize = if cfg!(target_pointer_width = "64") { 4096 } else { 2048 };
const ROOT_ENTRIES: usize = GRANULE_NUMBERS / LEAF_ENTRIES;

/// One entry for each granule: the header of the stack whose slot it is part of.
type Leaf = [AtomicPtr<Header>; LEAF_ENTRIES];

static ROOT: [AtomicPtr<Leaf>; ROOT_ENTRIES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; ROOT_ENTRIES];

/// All stacks that were ever mapped, linked by [`Header::next_mapped`].
static MAPPED: AtomicPtr<Header> = AtomicPtr::new(ptr::null_mut());

/// The number of the granule that `address` lies in.
pub(crate) const fn number(address: usize) -> usize {
    address / GRANULE_BYTES
}

/// Whether the table can hold what is mapped here.
#[cfg_attr(windows, allow(dead_code, reason = "the system maps no higher"))]
pub(crate) fn can_hold(base: usize, bytes: usize) -> bool {
    base as u128 + bytes as u128 <= END
}

/// The stack in whose slot `address` lies: on the stack itself, or below it.
#[inline]
pub(crate) fn slot_at(address: usize) -> Option<&'static Header> {
    stack_of(number(address))
}

/// The system stack that `address` lies on.
#[inline]
pub(crate) fn stack_at(address: usize) -> Option<&'static Header> {
    slot_at(address).filter(|header| header.contains(address))
}

/// The stack whose slot has lent these addresses for an alternate signal stack.
pub(crate) fn lender_of(signal_stack: &Range<usize>) -> Option<&'static Header> {
    slot_at(signal_stack.start).filter(|header| header.lent_stack() == *signal_stack)
}

pub(super) fn stack_of(number: usize) -> Option<&'static Header> {
    // SAFETY: null, or a header that `add` was called with, which stays.
    unsafe { leaf_of(number)?[number % LEAF_ENTRIES].load(Acquire).as_ref() }
}

fn leaf_of(number: usize) -> Option<&'static Leaf> {
    let leaf = ROOT.get(number / LEAF_ENTRIES)?.load(Acquire);
    // SAFETY: null, or a leaf that `leaf_for` has mapped, zeroed memory that stays until the
    // library is closed.
    unsafe { leaf.as_ref() }
}

/// Enters a new stack for all granules of its slot, or for none after an error.
pub(super) fn add(slot: usize, slot_bytes: usize, header: *mut Header) -> Result<(), i32> {
    let numbers = number(slot)..number(slot) + slot_bytes / GRANULE_BYTES;
    numbers.clone().try_for_each(|number| leaf_for(number).map(drop))?;
    for number in numbers {
        leaf_for(number)?[number % LEAF_ENTRIES].store(header, Release);
    }
    Ok(())
}

/// Makes the header findable by [`all`]. `link` writes its link.
pub(super) fn publish(header: *mut Header, link: impl Fn(*const Header)) {
    // Fails never.
    let _ = MAPPED.fetch_update(Release, Relaxed, |first| {
        link(first);
        Some(header)
    });
}

fn leaf_for(number: usize) -> Result<&'static Leaf, i32> {
    let entry = &ROOT[number / LEAF_ENTRIES];
    if entry.load(Acquire).is_null() {
        let leaf = memory::map_pages(size_of::<Leaf>())?.cast::<Leaf>();
        // Who comes second leaves some kilobytes of untouched memory behind.
        let _ = entry.compare_exchange(ptr::null_mut(), leaf, AcqRel, Acquire);
    }
    // SAFETY: mapped and zeroed, by this thread or another; it stays.
    Ok(unsafe { &*entry.load(Acquire) })
}

/// All stacks that were ever mapped, the latest first.
pub(crate) fn all() -> impl Iterator<Item = &'static Header> {
    from(MAPPED.load(Acquire))
}

/// From now on [`all`] finds none of those: most of them are about to be unmapped.
pub(crate) fn forget_all() -> impl Iterator<Item = &'static Header> {
    from(MAPPED.swap(ptr::null_mut(), AcqRel))
}

/// Shows `look` the next stacks of all: from `cursor` on, which moves along, at most `count`, and
/// no more after `look` has said that it is enough.
pub(crate) fn visit_next(
    cursor: &AtomicPtr<Header>,
    count: usize,
    mut look: impl FnMut(&'static Header) -> ControlFlow<()>,
) {
    let mut next = from(cursor.load(Relaxed)).chain(all());
    let _ = next.by_ref().take(count).try_for_each(&mut look);
    let at = next.next().map_or(ptr::null_mut(), |header| ptr::from_ref(header).cast_mut());
    cursor.store(at, Relaxed);
}

/// The stacks from `first` on in that order; `first` is null or one of them.
fn from(first: *const Header) -> impl Iterator<Item = &'static Header> {
    // SAFETY: headers stay mapped until the library is closed, and links are never changed.
    core::iter::successors(unsafe { first.as_ref() }, |header| unsafe {
        header.next_mapped.as_ref()
    })
}

/// Unmaps a stack and its slot, and the part of the table that was for this one alone; but for the
/// alternate signal stack that the slot has lent to a thread which lives.
///
/// # Safety
/// The library is closed: nobody uses the stack, nor will, and the table is not read meanwhile.
pub(crate) unsafe fn release(header: &'static Header) {
    let (slot, slot_bytes) = (header.slot, header.slot_bytes);
    let kept = header.has_report_stack.load(Relaxed).then(|| header.report_area());
    let base = header.mapped_from;
    let (before, after) = kept.map_or((base, base), |kept| (kept.start, kept.end));
    for number in number(slot)..number(slot) + slot_bytes / GRANULE_BYTES {
        let Some(leaf) = leaf_of(number) else { continue };
        leaf[number % LEAF_ENTRIES].store(ptr::null_mut(), Release);
        if leaf.iter().all(|entry| entry.load(Relaxed).is_null()) {
            let leaf = ROOT[number / LEAF_ENTRIES].swap(ptr::null_mut(), AcqRel);
            // SAFETY: mapped by `leaf_for`, and nobody reads it.
            unsafe { memory::release(leaf.addr(), size_of::<Leaf>()) };
        }
    }
    // SAFETY: the caller's promise; from `mapped_from` on the slot is ours.
    unsafe {
        memory::release(base, before - base);
        memory::release(after, slot + slot_bytes - after);
    }
}
