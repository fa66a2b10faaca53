//! What the runtime tells people: counters, the picture of a thread's stacks, why a body could not
//! run, and which one has overflowed.

#[cfg(feature = "stats")]
pub(crate) mod callback_stats;
pub(crate) mod counters;
mod line;
pub(crate) mod map;
pub(crate) mod measure;
pub(crate) mod overflow;
pub(crate) mod refusal;
#[cfg(feature = "stats")]
pub(crate) mod report;

/// Without the feature: nothing is counted.
#[cfg(not(feature = "stats"))]
pub(crate) mod callback_stats {
    use crate::callback::Callback;

    #[inline(always)]
    pub(crate) fn in_place(_callback: &'static Callback) {}

    #[inline(always)]
    pub(crate) fn refused(_callback: &'static Callback) {}
}
