//! Without the feature, and where the kernel's answer is not known: nothing is measured.

use super::Extent;
use crate::callback::Callback;

pub(crate) struct Depth;

impl Depth {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn begin(&self, _extent: Extent, _callback: &'static Callback) {
        #[cfg(feature = "stats")]
        crate::diagnostics::callback_stats::switched(_callback);
    }

    #[inline(always)]
    pub(crate) fn end(&self, _extent: Extent) {}

    pub(crate) fn without_mark(&self, lowest: usize) -> usize {
        lowest
    }
}
