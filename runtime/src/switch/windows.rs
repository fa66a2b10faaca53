//! Windows, around the switch of each architecture: what the system is told of the stack in use (fields.rs has the why).
//!
//! The fields are written in the switch itself, after its last push on the host and before the first on the other stack. When the call
//! unwinds they are put back by a drop here, on the host. Two ways lead past both:
//!
//! - An unwinder that runs cleanup on top of the stack that it leaves (Microsoft's) has SP still there. What was told then stays, as
//!   it covers the host as well.
//! - longjmp runs no cleanup. The same fields stay until [`settle`], which every arrival on the cold path calls.
//!
//! In between the limit is too low for `__chkstk` on the host, so the host is committed to its end before anything leaves in such a
//! way: by the handler that the switch has for unwinding, which longjmp calls too, or before the switch where it has none.

#[cfg_attr(target_arch = "x86_64", path = "x86_64_windows.rs")]
#[cfg_attr(target_arch = "x86", path = "x86_windows.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64_windows.rs")]
mod architecture;

use core::any::Any;
use core::cell::Cell;
use core::mem::{self, offset_of};
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::fields::Fields;
use crate::stack::memory;

pub(crate) use architecture::stack_pointer;

pub(crate) const SUPPORTED: bool = true;

/// Whether unwinding runs cleanup on top of the stack that it leaves.
pub(crate) const CLEANS_UP_ON_TOP: bool = cfg!(target_env = "msvc");

/// Whether frames can only be unwound towards higher addresses: `RtlUnwindEx` and its like refuse others.
pub(crate) const UNWINDS_ONLY_UP: bool = !cfg!(all(target_arch = "x86", target_env = "gnu"));

/// Where the stack to go to lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Below all that is in use.
    Below,
    Elsewhere,
}

/// The fields of no stack.
const NONE: Fields = Fields { base: 0, limit: 0, deallocation: 0, guarantee_bytes: 0 };

/// What the system is told of one stack while code runs on it.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Told(Cell<Fields>);

impl Told {
    pub(crate) const fn nothing() -> Self {
        Self(Cell::new(NONE))
    }

    /// Of the stack in use, right now.
    #[inline(always)]
    pub(crate) fn now() -> Self {
        Self(Cell::new(architecture::fields()))
    }

    /// Of a stack that [`memory::map`] has just made.
    pub(crate) fn of_mapping(base: usize, mapped_bytes: usize, guard_bytes: usize) -> Self {
        Self(Cell::new(memory::fields(base, mapped_bytes, guard_bytes)))
    }

    /// Of memory that is committed from end to end.
    pub(crate) fn of_memory(low: usize, bytes: usize) -> Self {
        Self(Cell::new(Fields { base: low + bytes, limit: low, deallocation: low, guarantee_bytes: 0 }))
    }

    pub(crate) fn fields(&self) -> Fields {
        self.0.get()
    }

    /// Whether both are of the same stack.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.get().deallocation == other.0.get().deallocation
    }
}

/// Where a stack was left, and what the switch needs to know of both.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct LeftAt {
    sp: Cell<usize>,
    /// Of the stack that was left: written back when the call ends.
    host: Told,
    /// Of both: in force while the call lasts; afterwards with the limit that it ended with.
    both: Cell<Fields>,
    /// Of the stack that the call runs on, which outlives this.
    there: Cell<*const Told>,
    /// The body has been unwound while the unwinder was still on its stack.
    unwound: Cell<bool>,
}

// The switches count on these.
const _: () = assert!(offset_of!(LeftAt, host) == size_of::<usize>());
const _: () = assert!(offset_of!(LeftAt, both) == 5 * size_of::<usize>());

impl LeftAt {
    /// For a stack that nobody ever goes to.
    pub(crate) const fn nowhere() -> Self {
        Self::leaving_for(ptr::null())
    }

    /// For calls on the stack that `there` is told of, while it lives.
    pub(crate) const fn leaving_for(there: *const Told) -> Self {
        Self {
            sp: Cell::new(0),
            host: Told::nothing(),
            both: Cell::new(NONE),
            there: Cell::new(there),
            unwound: Cell::new(false),
        }
    }

    /// SP of the stack that was left.
    #[inline(always)]
    pub(crate) fn get(&self) -> usize {
        self.sp.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, sp: usize) {
        self.sp.set(sp);
        if CLEANS_UP_ON_TOP {
            self.unwound.set(false);
        }
    }

    /// Whether `sp` lies on the stack that was left.
    #[inline(always)]
    pub(crate) fn is_host(&self, sp: usize) -> bool {
        self.host.fields().contains(sp)
    }

    /// The body has been unwound, and the unwinder is still on its stack. In force until the next [`LeftAt::set`].
    pub(crate) fn note_unwound(&self) {
        self.unwound.set(true);
    }

    pub(crate) fn is_unwound(&self) -> bool {
        self.unwound.get()
    }

    /// What `call_on_stack` wants.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut usize {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// What the system was told when the stack was left.
    pub(crate) fn host(&self) -> &Told {
        &self.host
    }

    /// Whether the system takes the stack that this leads to for the one in use.
    pub(crate) fn is_told(&self) -> bool {
        // SAFETY: null, or to what outlives this.
        unsafe { self.there.get().as_ref() }.is_some_and(|there| there.is_same(&Told::now()))
    }

    /// Finds out what to tell. The usual case is a stack below the host, or one that was committed before.
    #[inline(always)]
    fn prepare(&self) -> Order {
        let host = if architecture::COMMITS_THE_HOST_FIRST { host_committed() } else { architecture::fields() };
        // SAFETY: set by whoever made this for a call, to what outlives it.
        let there = unsafe { &*self.there.get() };
        if host.lies_above(&there.fields()) {
            self.both.set(host.with(&there.fields()));
            return Order::Below;
        }
        self.both.set(Self::committed(there));
        Order::Elsewhere
    }

    /// What to tell of a stack that does not lie below its host. Where memory cannot be committed (all of it is in use), the stack grows as
    /// it can, and an exception that leaves it ends the process.
    #[inline(never)]
    fn committed(there: &Told) -> Fields {
        let host = host_committed();
        let can_grow = !commit(there);
        let both = host.with(&there.fields());
        if can_grow { Fields { limit: there.fields().limit, ..both } } else { both }
    }

    /// The call has returned or unwound to the host.
    #[inline(always)]
    fn note_limit(&self) {
        // SAFETY: as in `prepare`.
        let there = unsafe { &*self.there.get() };
        there.0.set(there.0.get().after(&self.both.get()));
    }

    /// Tells what was told before the stack was left, after a call that did not return.
    pub(crate) fn settle(&self) {
        self.both.set(architecture::fields());
        self.note_limit();
        // SAFETY: the fields of the stack that was left, as they were then; SP is back on it.
        unsafe { architecture::tell(&self.host.fields()) };
    }
}

impl LeftAt {
    /// The thread ends on the stack that this leads to (ExitThread in a body): the system is to free the stack that was left.
    pub(crate) fn tell_what_to_free(&self) {
        let deallocation = self.host.fields().deallocation;
        // SAFETY: the limits stay as they are.
        unsafe { architecture::tell(&Fields { deallocation, ..architecture::fields() }) };
    }
}

/// Commits the stack in use to its end, where that can be done, and tells so.
#[inline(never)]
fn host_committed() -> Fields {
    let host = Told::now();
    if commit(&host) {
        // SAFETY: all from the new limit upwards is committed.
        unsafe { architecture::tell(&host.fields()) };
    }
    host.fields()
}

/// Commits a stack to its end, with the guard pages in their last place. False where that fails.
fn commit(stack: &Told) -> bool {
    let fields = stack.fields();
    let limit = fields.lowest_limit(memory::page_bytes());
    if limit >= fields.limit {
        return true;
    }
    let committed = memory::commit(fields.deallocation + memory::page_bytes(), limit, fields.limit);
    if committed {
        stack.0.set(Fields { limit, ..fields });
    }
    committed
}

/// Calls `function(argument)` with SP at `top`, after writing to `left_at` where SP was.
///
/// # Safety
/// As in the other files; `left_at` comes from [`LeftAt::as_ptr`].
#[inline(always)]
pub(crate) unsafe fn call_on_stack(
    argument: *mut u8,
    function: unsafe extern "C-unwind" fn(*mut u8),
    top: *mut u8,
    left_at: *mut usize,
) {
    // SAFETY: the caller's promise.
    let left_at = unsafe { &*left_at.cast::<LeftAt>() };
    if left_at.prepare() == Order::Elsewhere && UNWINDS_ONLY_UP {
        // SAFETY: passed on.
        return unsafe { carry(argument, function, top, left_at) };
    }
    // SAFETY: passed on.
    unsafe { cross(argument, function, top, left_at) };
}

/// # Safety
/// As for [`call_on_stack`].
#[inline(always)]
unsafe fn cross(argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8), top: *mut u8, left_at: &LeftAt) {
    let unwound = Unwound(left_at);
    // SAFETY: the caller's promises, and `both` is what the switch has to tell.
    unsafe { architecture::switch(argument, function, top, left_at) };
    mem::forget(unwound);
    left_at.note_limit();
}

/// What travels with a call that nothing can unwind out of.
struct Carried {
    function: unsafe extern "C-unwind" fn(*mut u8),
    argument: *mut u8,
    panic: Option<Box<dyn Any + Send>>,
}

/// Calls on a stack that does not lie below its host: a panic ends on that stack and begins anew on the host. Exceptions of other
/// languages end the process there.
///
/// # Safety
/// As for [`call_on_stack`].
#[cold]
#[inline(never)]
unsafe fn carry(argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8), top: *mut u8, left_at: &LeftAt) {
    let mut carried = Carried { function, argument, panic: None };
    let handlers = architecture::hide_handlers();
    // SAFETY: the caller's promises; `carried` lives in this frame until the call has returned.
    unsafe { cross((&raw mut carried).cast(), catch, top, left_at) };
    architecture::show_handlers(handlers);
    if let Some(panic) = carried.panic {
        resume_unwind(panic);
    }
}

/// # Safety
/// `argument` points to a [`Carried`] whose function can be called with its argument.
unsafe extern "C-unwind" fn catch(argument: *mut u8) {
    // SAFETY: see above.
    let carried = unsafe { &mut *argument.cast::<Carried>() };
    // SAFETY: see above.
    let call = || unsafe { (carried.function)(carried.argument) };
    carried.panic = catch_unwind(AssertUnwindSafe(call)).err();
}

/// Puts the fields back when the call unwinds.
struct Unwound<'a>(&'a LeftAt);

impl Drop for Unwound<'_> {
    fn drop(&mut self) {
        if self.0.is_host(stack_pointer()) {
            self.0.settle();
        }
    }
}

/// Called by the switch's handler when something unwinds past it, longjmp included: nothing may count on the guard pages of the host
/// any more.
///
/// # Safety
/// `left_at` is that of a switch whose frame is being unwound.
#[cfg(target_arch = "x86_64")]
unsafe fn unwinds(left_at: *const LeftAt) {
    // SAFETY: the caller's promise.
    commit(unsafe { &(*left_at).host });
}
