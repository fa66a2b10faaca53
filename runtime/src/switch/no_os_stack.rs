//! Systems that need not be told which stack is in use.

use core::cell::Cell;

use crate::bounds::StackBounds;

pub(crate) use super::call_on_stack as call_returning;

pub(crate) const UNWINDS_ONLY_UP: bool = false;

/// What the system knows of a stack: nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OsStack;

impl OsStack {
    pub(crate) const NONE: Self = Self;

    pub(crate) const IS_TOLD: bool = false;

    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn of_memory(_low: usize, _bytes: usize) -> Self {
        Self
    }

    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        None
    }

    pub(crate) fn is_same(&self, _other: &Self) -> bool {
        false
    }
}

/// What the system is told of the two stacks of a switch: nothing.
#[derive(Debug)]
pub(crate) struct OsRecord(Cell<OsStack>);

impl OsRecord {
    pub(crate) const fn to(_target: *const Cell<OsStack>) -> Self {
        Self(Cell::new(OsStack))
    }

    pub(crate) fn calling_stack(&self) -> &Cell<OsStack> {
        &self.0
    }

    pub(crate) fn is_told(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn is_unwound(&self) -> bool {
        false
    }

    pub(crate) fn restore_teb(&self) {}

    pub(crate) fn set_freed_at_end(&self) {}
}
