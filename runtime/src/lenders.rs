//! The alternate signal stacks that system stacks lend a thread, each while the body of a handler
//! runs there: how they are lent and taken back, and which were, one after the other.

use core::ops::Range;
use core::ptr;
use core::sync::atomic::Ordering::*;

use crate::diagnostics::refusal::Cause;
use crate::stack::{Header, Lent, memory, table};
use crate::thread::signal_stack::{self, Setting};
use crate::thread::{self, Thread};
use crate::{probe, switch};

/// The stacks that have lent a thread its alternate signal stacks, the latest first, each with what
/// the thread had before: those of the handlers at work, and of others that were jumped out of.
/// `None` where it is a stack of another copy of this runtime.
pub(crate) fn lenders(
    signal_stack: Option<Range<usize>>,
) -> impl Iterator<Item = (Option<&'static Header>, Setting)> {
    /// More than that only where a program has set a stack again that was taken back: in a circle.
    const MOST: usize = 10_000;
    let lender = |signal_stack: Option<Range<usize>>| {
        let signal_stack = signal_stack?;
        let Some(header) = table::lender_of(&signal_stack) else {
            return Trace::find(&signal_stack).map(|before| (None, before));
        };
        // SAFETY: written before the stack was lent.
        Some((Some(header), unsafe { (*(*header.lent.get()).as_ptr()).before }))
    };
    let first = lender(signal_stack);
    core::iter::successors(first, move |(_, before)| lender(before.range())).take(MOST)
}

/// Whether a system stack has lent it, of this or of another copy of this runtime.
pub(crate) fn is_lent(setting: &Setting) -> bool {
    lenders(setting.range()).next().is_some()
}

/// Whether the thread has the slot's signal stack for its own, or would have it again after the
/// handlers whose bodies have left it. It keeps it when these were jumped out of, until it sets
/// another.
pub(crate) fn is_pinned(header: &Header) -> bool {
    let in_force = || signal_stack::current().range();
    !header.lent_stack().is_empty()
        && lenders(in_force())
            .any(|(lender, _)| lender.is_some_and(|lender| ptr::eq(lender, header)))
}

/// On the thread stack none of the handlers is at work whose bodies have left the alternate stack
/// `lent`: they were jumped out of, or wait in a context that was left for this one. Sets the stack
/// again that was there before the first of them. Whether their bodies are dead is another matter.
#[inline(never)]
pub(crate) fn leave_handlers(thread: &Thread, lent: &Setting) {
    let is_own = |header: &Option<&Header>| header.is_none_or(|header| thread.holds(header));
    let handlers = lenders(lent.range()).take_while(|(header, _)| is_own(header));
    if let Some((_, before)) = handlers.last() {
        // SAFETY: the memory of that stack is the program's or that of a slot.
        unsafe { before.set() };
    }
    thread.set_lent(false);
}

/// Gives the thread another alternate signal stack, while the body runs elsewhere that a handler
/// has called at `sp`: otherwise the next signal would write over the handler's frames.
///
/// # Errors
/// When the memory for it cannot be had, or a sandbox forbids it.
pub(crate) fn lend_signal_stack(header: &'static Header, sp: usize) -> Result<(), Cause> {
    const LEAST_BYTES: usize = 64 * 1024;
    let before = signal_stack::current();
    if !before.is_told() {
        return Err(Cause::SignalStack);
    }
    let Some(left) = before.range().filter(|range| range.contains(&sp)) else {
        // Not in force: the handler's own kernel frame keeps it (SS_AUTODISARM).
        return Ok(());
    };
    let (page, area) = (memory::page_bytes(), header.lendable());
    let bytes = (left.end - left.start).clamp(LEAST_BYTES, area.end - area.start);
    let bytes = bytes.next_multiple_of(page);
    if !header.has_signal_stacks() {
        return Err(Cause::Mapping(memory::NO_MEMORY));
    }
    // SAFETY: a part of the slot, which the activation has.
    unsafe { memory::open(area.start, bytes) }.map_err(Cause::Mapping)?;
    let setting = Setting::new(&(area.start..area.start + bytes));
    // SAFETY: the memory was just made writable and stays; SP is on the scratch stack.
    if !unsafe { setting.set() } {
        return Err(Cause::SignalStack);
    }
    // SAFETY: `lent` is this activation's alone. Signals are blocked, so that nobody uses the
    // memory yet.
    unsafe {
        (&raw mut (*(*header.lent.get()).as_mut_ptr()).before).write(before);
        Trace::write_at(area.start, before);
    }
    header.lent_bytes.store(bytes, Release);
    // The next callback on the thread stack finds out that the handler was jumped out of.
    if let Some(thread) = thread::current() {
        thread.set_lent(true);
    }
    Ok(())
}

/// A body runs on its own stack, with the thread's alternate signal stack replaced: signals are let
/// through. Dropped there, they wait again until the old alternate stack is in force.
pub(crate) struct Unblocked(&'static Header);

impl Unblocked {
    /// # Safety
    /// The stack has lent that ([`Header::lent_bytes`]) to the caller's activation.
    pub(crate) unsafe fn on(header: &'static Header) -> Self {
        // SAFETY: written by `lend_signal_stack` and the slow path before; nobody else uses it.
        unsafe { (*(*header.lent.get()).as_ptr()).blocked.unblock() };
        Self(header)
    }
}

impl Drop for Unblocked {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { (*(*self.0.lent.get()).as_mut_ptr()).blocked.block_again() };
    }
}

/// Puts the old alternate stack in force again, now that SP is back on it, and lets signals
/// through. Handlers that have interrupted the body since were jumped out of, if the stack in force
/// was lent to one of them.
///
/// # Safety
/// As for [`Unblocked::on`], and the activation has ended.
pub(crate) unsafe fn take_back_signal_stack(header: &Header) {
    // SAFETY: written by `lend_signal_stack` and the slow path before; from now on nobody uses it.
    let Lent { before, blocked } = unsafe { (*header.lent.get()).assume_init_read() };
    let sp = switch::stack_pointer();
    let is_back = before.range().is_some_and(|range| range.contains(&sp))
        && thread::current().is_some_and(|thread| thread.holds(header));
    if is_back || is_pinned(header) {
        // SAFETY: the handler that waits for the body runs on that memory.
        unsafe { before.set() };
    }
    header.lent_bytes.store(0, Release);
    if let Some(thread) = thread::current() {
        // The handler may have interrupted the body of another one.
        thread.set_lent(is_lent(&signal_stack::current()));
    }
    drop(blocked);
}

/// What stands at the low end of a signal stack while it is lent, for other copies of this runtime:
/// where handlers nest whose bodies are of several copies, and are jumped out of, each of these has
/// to find what the thread had before the first.
#[repr(C)]
pub(crate) struct Trace {
    magic: [usize; 2],
    before: Setting,
}

impl Trace {
    const MAGIC: [usize; 2] = [0x2f6c_9d35, 0x71b8_40ea];

    /// Writes it to the signal stack at `low`.
    ///
    /// # Safety
    /// The memory there can be written, and nobody uses it.
    pub(crate) unsafe fn write_at(low: usize, before: Setting) {
        let trace = ptr::with_exposed_provenance_mut::<Self>(low);
        // SAFETY: the caller's promise; the low end is aligned to a page.
        unsafe { trace.write(Self { magic: Self::MAGIC, before }) };
    }

    /// What was there before `signal_stack`, if that is a lent one of another copy. It may be any
    /// memory.
    fn find(signal_stack: &Range<usize>) -> Option<Setting> {
        let low = signal_stack.start;
        if !low.is_multiple_of(memory::page_bytes())
            || !probe::holds_for_certain(low, Self::MAGIC[0])
        {
            return None;
        }
        // SAFETY: aligned to a page, which can be read.
        let Self { magic, before } =
            unsafe { ptr::with_exposed_provenance::<Self>(low).read_volatile() };
        (magic == Self::MAGIC).then_some(before)
    }
}
