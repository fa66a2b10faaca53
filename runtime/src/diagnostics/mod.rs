//! What the runtime tells people: counters, the picture of a thread's stacks, why a body could not
//! run, and which one has overflowed.

#[cfg(feature = "stats")]
pub(crate) mod callback_stats;
pub(crate) mod counters;
mod line;
pub(crate) mod map;
#[cfg(not(feature = "stats"))]
pub(crate) mod no_callback_stats;
pub(crate) mod overflow;
pub(crate) mod refusal;
#[cfg(feature = "stats")]
pub(crate) mod report;

#[cfg(not(feature = "stats"))]
pub(crate) use no_callback_stats as callback_stats;
