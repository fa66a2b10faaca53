//! Windows, around the switch of each architecture: what the system is told of the stack in use
//! ([`teb`] has the why).
//!
//! The switch itself exchanges the fields, after its last push on the calling stack and before the
//! first on the other one; it exchanges them again when the call returns. When the call unwinds, a
//! drop here puts them back, on the calling stack. Some ways lead past both:
//!
//! - An unwinder that runs cleanup on top of the stack that it leaves (Microsoft's) has SP still
//!   there. The drop notes that the call was unwound and leaves the fields: they cover both stacks.
//! - longjmp may run no cleanup. The fields stay.
//! - The fast path (fast/windows.rs), which exchanges them by itself, has no cleanup. Its
//!   handler notes that the call is unwound.
//!
//! In all these cases the thread's next slow path puts the fields right. Until then the
//! limit is too low for `__chkstk` on the calling stack. So that stack is committed to its end
//! before anything leaves in such a way: by the handler that the switch has for unwinding, or
//! before the switch where it has none.

pub(crate) mod teb;

use core::any::Any;
use core::cell::Cell;
use core::mem::{self, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::{Callee, SwitchRecord};
use crate::cfg_if::cfg_if;
use crate::stack::memory;

pub(crate) use arch::{SUPPORTED, stack_pointer};
pub(crate) use teb::OsStack;
#[cfg(not(target_arch = "x86"))]
pub(crate) use teb::offset as teb_offset;

cfg_if! {
    if #[cfg(target_arch = "x86_64")] {
        mod x86_64;
        use x86_64 as arch;
    } else if #[cfg(target_arch = "x86")] {
        mod x86;
        use x86 as arch;
    } else {
        mod aarch64;
        use aarch64 as arch;
    }
}

/// Whether unwinding runs cleanup on top of the stack that it leaves.
const CLEANS_UP_ON_TOP: bool = cfg!(target_env = "msvc");

/// `RtlUnwindEx` and its like refuse others.
pub(crate) const UNWINDS_ONLY_UP: bool = !cfg!(all(target_arch = "x86", target_env = "gnu"));

/// Whether the calling stack is committed before it is left. On x86_64 the handler of the switch
/// does so when it must be; on x86 `__chkstk` looks at no field.
const COMMITS_FIRST: bool = cfg!(target_arch = "aarch64");

/// What the system is told of the two stacks of a switch.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct OsRecord {
    /// The fields that the switch exchanges for those in the TEB: while the call runs those of the
    /// calling stack, before and afterwards those for the call.
    other: Cell<OsStack>,
    /// Of the stack that the call runs on, alone.
    target: *const Cell<OsStack>,
    /// The last call was unwound with SP elsewhere than on the calling stack.
    is_unwound: Cell<bool>,
}

// The assembly of the switches counts on these.
const _: () = assert!(offset_of!(SwitchRecord, os) == size_of::<usize>());
const _: () = assert!(offset_of!(OsRecord, other) == 0);
const _: () = assert!(size_of::<OsStack>() == 4 * size_of::<usize>());

#[cfg(not(target_arch = "x86"))]
impl OsRecord {
    /// Where the fast path finds [`OsRecord::other`].
    pub(crate) const OTHER: usize = offset_of!(Self, other);
    pub(crate) const IS_UNWOUND: usize = offset_of!(Self, is_unwound);
}

impl OsRecord {
    pub(crate) const fn to(target: *const Cell<OsStack>) -> Self {
        Self { other: Cell::new(OsStack::NONE), target, is_unwound: Cell::new(false) }
    }

    /// What the system is to be told of the calling stack. Only while the call runs.
    pub(crate) fn calling_stack(&self) -> &Cell<OsStack> {
        &self.other
    }

    fn target(&self) -> Option<&Cell<OsStack>> {
        // SAFETY: null, or what outlives this: whoever made the `SwitchRecord` has promised.
        unsafe { self.target.as_ref() }
    }

    /// Whether the TEB says that the stack to which this leads is the one in use.
    pub(crate) fn is_told(&self) -> bool {
        self.target().is_some_and(|target| target.get().is_same(&OsStack::now()))
    }

    /// Whether the last call was left by an unwinder that ran on top of the other stack, and may
    /// still.
    #[inline(always)]
    pub(crate) fn is_unwound(&self) -> bool {
        self.is_unwound.get()
    }

    /// A call of the fast path is unwound, with SP on the other stack still.
    #[cfg(not(target_arch = "x86"))]
    pub(crate) fn begin_unwinding(&self) {
        commit(self.calling_stack());
        self.is_unwound.set(true);
    }

    /// Writes the fields of the calling stack, after a call that did not return.
    pub(crate) fn restore_teb(&self) {
        self.keep_limit(&OsStack::now());
        // SAFETY: as they were when the stack was left. SP is back there, or on a stack from which
        // it was entered, which these cover as well.
        unsafe { self.other.get().write() };
    }

    /// The thread ends on the stack that this leads to (ExitThread in a body): the system is to
    /// free the calling stack, which is the thread's own.
    pub(crate) fn set_freed_at_end(&self) {
        let deallocation = self.other.get().deallocation;
        // SAFETY: the bounds stay as they are.
        unsafe { OsStack { deallocation, ..OsStack::now() }.write() };
    }

    /// Remembers how far the kernel has grown the other stack while `reported` was in the TEB.
    #[inline(always)]
    fn keep_limit(&self, reported: &OsStack) {
        if let Some(target) = self.target() {
            target.set(target.get().after(reported));
        }
    }

    /// Finds out what to tell. False when the stack does not lie below all that is in use.
    #[inline(always)]
    fn prepare(&self) -> bool {
        self.is_unwound.set(false);
        let Some(target) = self.target() else { return true };
        let calling = if COMMITS_FIRST { commit_stack_in_use() } else { OsStack::now() };
        let is_below = calling.lies_above(&target.get());
        let both = if is_below { calling.with(&target.get()) } else { committed_with(target) };
        self.other.set(both);
        is_below
    }
}

/// What to tell of a stack that does not lie below the calling stack. Where memory cannot be
/// committed (all of it is in use), the stack grows as it can, and an exception that leaves it ends
/// the process.
#[inline(never)]
fn committed_with(target: &Cell<OsStack>) -> OsStack {
    let calling = commit_stack_in_use();
    let is_committed = commit(target);
    let both = calling.with(&target.get());
    if is_committed { both } else { OsStack { limit: target.get().limit, ..both } }
}

/// Commits the stack in use to its end, where that can be done, and tells so.
#[inline(never)]
fn commit_stack_in_use() -> OsStack {
    let stack = Cell::new(OsStack::now());
    if commit(&stack) {
        // SAFETY: all from the new limit upwards is committed.
        unsafe { stack.get().write() };
    }
    stack.get()
}

/// Commits a stack to its end, with the guard pages in their last place. False where that fails.
fn commit(stack: &Cell<OsStack>) -> bool {
    let OsStack { limit: old_limit, deallocation, .. } = stack.get();
    let page_bytes = memory::page_bytes();
    let limit = stack.get().lowest_limit(page_bytes);
    if limit >= old_limit {
        return true;
    }
    let is_committed = memory::commit(deallocation + page_bytes, limit, old_limit);
    if is_committed {
        stack.set(OsStack { limit, ..stack.get() });
    }
    is_committed
}

/// # Safety
/// As for [`super::call_on_stack`].
#[inline(always)]
pub(crate) unsafe fn call_on_stack(
    argument: *mut u8,
    function: Callee,
    top: *mut u8,
    record: &SwitchRecord,
) {
    if record.os.prepare() || !UNWINDS_ONLY_UP {
        // SAFETY: the caller's promise.
        unsafe { cross(argument, function, top, record) };
    } else {
        // SAFETY: the caller's promise.
        unsafe { cross_upwards(argument, function, top, record) };
    }
}

/// As [`call_on_stack`], for a function that nothing unwinds out of: the system is told of the
/// other stack alone, which may lie anywhere, and nothing has to be committed for an unwinder.
///
/// # Safety
/// As for [`super::call_on_stack`], and nothing unwinds out of `function`.
#[inline(always)]
pub(crate) unsafe fn call_returning(
    argument: *mut u8,
    function: Callee,
    top: *mut u8,
    record: &SwitchRecord,
) {
    record.os.other.set(record.os.target().map_or_else(OsStack::now, Cell::get));
    // SAFETY: the caller's promise.
    unsafe { arch::call_on_stack(argument, function, top, record) };
    record.os.keep_limit(&record.os.other.get());
}

/// # Safety
/// As for [`super::call_on_stack`], and the record is prepared.
#[inline(always)]
unsafe fn cross(argument: *mut u8, function: Callee, top: *mut u8, record: &SwitchRecord) {
    let unwinding = Unwinding(&record.os);
    // SAFETY: the caller's promise.
    unsafe { arch::call_on_stack(argument, function, top, record) };
    mem::forget(unwinding);
    record.os.keep_limit(&record.os.other.get());
}

/// Dropped when a call unwinds.
struct Unwinding<'a>(&'a OsRecord);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if CLEANS_UP_ON_TOP && !self.0.other.get().contains(stack_pointer()) {
            self.0.is_unwound.set(true);
        } else {
            self.0.restore_teb();
        }
    }
}

/// Calls on a stack that does not lie below the calling stack: a panic is caught on that stack and
/// goes on from the calling one. Exceptions of other languages end the process there.
///
/// # Safety
/// As for [`cross`].
#[cold]
#[inline(never)]
unsafe fn cross_upwards(argument: *mut u8, function: Callee, top: *mut u8, record: &SwitchRecord) {
    struct Call {
        function: Callee,
        argument: *mut u8,
        panic: Option<Box<dyn Any + Send>>,
    }
    unsafe extern "C-unwind" fn catch(call: *mut u8) {
        // SAFETY: a `Call`, which lives on the calling stack until this has returned.
        let call = unsafe { &mut *call.cast::<Call>() };
        // SAFETY: the promise of the caller of `cross_upwards`.
        let body = || unsafe { (call.function)(call.argument) };
        call.panic = catch_unwind(AssertUnwindSafe(body)).err();
    }
    let mut call = Call { function, argument, panic: None };
    let handlers = exchange_handlers(!0);
    // SAFETY: the caller's promise; `call` is what `catch` expects.
    unsafe { cross((&raw mut call).cast(), catch, top, record) };
    exchange_handlers(handlers);
    if let Some(panic) = call.panic {
        resume_unwind(panic);
    }
}

/// Sets the chain of handlers in the first word of the TEB, and returns what it was; all ones is
/// its end. On x86_64 only Wine's own libraries use it, and take elements at lower addresses for
/// inner ones. On x86 their addresses do not matter; on aarch64 there is no chain.
fn exchange_handlers(handlers: usize) -> usize {
    if !cfg!(target_arch = "x86_64") {
        return handlers;
    }
    // SAFETY: the TEB of the calling thread; the chain ends here, or is what it was.
    unsafe { teb::teb().replace(handlers) }
}
