//! Systems without alternate signal stacks.

use crate::bounds::StackBounds;

pub(crate) fn armed() -> (usize, usize) {
    (0, 0)
}

pub(crate) fn bounds_at(_sp: usize) -> Option<StackBounds> {
    None
}

pub(crate) struct Blocked;

impl Blocked {
    pub(crate) fn all() -> Self {
        Self
    }

    pub(crate) fn release(self) {}
}

#[derive(Debug)]
pub(crate) struct Disarmed;

impl Disarmed {
    pub(crate) const fn nothing() -> Self {
        Self
    }

    pub(crate) fn disarm(&self) {}

    pub(crate) fn rearm(&self) -> bool {
        false
    }

    pub(crate) fn forget(&self) {}
}
