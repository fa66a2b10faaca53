//! What the runtime tells people: counters, the picture of a thread's stacks, why a body could not
//! run, and which one has overflowed.

#[cfg_attr(not(feature = "stats"), allow(dead_code, reason = "nothing is counted without it"))]
pub(crate) mod callback_stats;
pub(crate) mod counters;
mod line;
pub(crate) mod map;
pub(crate) mod measure;
pub(crate) mod overflow;
pub(crate) mod refusal;
#[cfg(feature = "stats")]
pub(crate) mod report;
