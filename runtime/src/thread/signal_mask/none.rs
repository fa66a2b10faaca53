//! Nothing interrupts a thread here.

pub(crate) struct Blocked;

impl Blocked {
    pub(crate) fn all() -> Self {
        Self
    }

    pub(crate) fn any_before(&self) -> bool {
        false
    }

    pub(crate) fn unblock(&self) {}

    pub(crate) fn block_again(&mut self) {}
}
