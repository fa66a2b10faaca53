//! Systems that need not be told which stack is in use.

use core::cell::Cell;

/// Whether unwinding runs cleanup on top of the stack that it leaves.
pub(crate) const CLEANS_UP_ON_TOP: bool = false;

/// Whether frames can only be unwound towards higher addresses.
pub(crate) const UNWINDS_ONLY_UP: bool = false;

/// What the system is told of a stack: nothing.
#[derive(Debug)]
pub(crate) struct OsStack;

impl OsStack {
    pub(crate) const fn nothing() -> Self {
        Self
    }

    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn of_mapping(_base: usize, _mapped_bytes: usize, _guard_bytes: usize) -> Self {
        Self
    }

    pub(crate) fn of_memory(_low: usize, _bytes: usize) -> Self {
        Self
    }

    pub(crate) fn is_same(&self, _other: &Self) -> bool {
        false
    }

    pub(crate) fn allocation_base(&self) -> Option<usize> {
        None
    }
}

/// Where a stack was left.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct SwitchRecord {
    sp: Cell<usize>,
}

impl SwitchRecord {
    pub(crate) const fn nowhere() -> Self {
        Self { sp: Cell::new(0) }
    }

    pub(crate) const fn leaving_for(_there: *const OsStack) -> Self {
        Self::nowhere()
    }

    /// SP of the stack that was left.
    #[inline(always)]
    pub(crate) fn get(&self) -> usize {
        self.sp.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, sp: usize) {
        self.sp.set(sp);
    }

    /// What `call_on_stack` wants.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut usize {
        self.sp.as_ptr()
    }

    pub(crate) fn calling_stack(&self) -> &OsStack {
        &OsStack
    }

    #[inline(always)]
    pub(crate) fn is_os_stack(&self) -> bool {
        false
    }

    pub(crate) fn restore_teb(&self) {}

    pub(crate) fn tell_what_to_free(&self) {}
}
