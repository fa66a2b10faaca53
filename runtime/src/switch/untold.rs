//! Systems that need not be told which stack is in use.

use core::cell::Cell;

/// Whether unwinding runs cleanup on top of the stack that it leaves.
pub(crate) const CLEANS_UP_ON_TOP: bool = false;

/// Whether frames can only be unwound towards higher addresses.
pub(crate) const UNWINDS_ONLY_UP: bool = false;

/// What the system is told of a stack: nothing.
#[derive(Debug)]
pub(crate) struct Told;

impl Told {
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
}

/// Where a stack was left.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct LeftAt {
    sp: Cell<usize>,
}

impl LeftAt {
    pub(crate) const fn nowhere() -> Self {
        Self { sp: Cell::new(0) }
    }

    pub(crate) const fn leaving_for(_there: *const Told) -> Self {
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

    pub(crate) fn host(&self) -> &Told {
        &Told
    }

    #[inline(always)]
    pub(crate) fn is_told(&self) -> bool {
        false
    }

    pub(crate) fn settle(&self) {}

    pub(crate) fn is_host(&self, _sp: usize) -> bool {
        true
    }

    pub(crate) fn note_unwound(&self) {}

    pub(crate) fn is_unwound(&self) -> bool {
        false
    }

    pub(crate) fn tell_what_to_free(&self) {}
}
