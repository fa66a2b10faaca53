//! Systems without alternate signal stacks.

use core::ops::Range;

#[derive(Clone, Copy)]
pub(crate) struct Setting;

pub(crate) fn current() -> Setting {
    Setting
}

impl Setting {
    pub(crate) fn new(_range: &Range<usize>) -> Self {
        Self
    }

    pub(crate) fn range(&self) -> Option<Range<usize>> {
        None
    }

    pub(crate) fn is_told(&self) -> bool {
        true
    }

    pub(crate) fn disarms(&self) -> bool {
        false
    }

    /// # Safety
    /// As on other systems.
    pub(crate) unsafe fn set(&self) -> bool {
        false
    }
}
