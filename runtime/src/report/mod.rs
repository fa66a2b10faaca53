//! What the runtime tells people: counters, the picture of a thread's stacks, why a body could not run, and which one has overflowed.

pub(crate) mod counters;
mod line;
pub(crate) mod map;
pub(crate) mod overflow;
pub(crate) mod refusal;
#[cfg(feature = "stats")]
pub(crate) mod summary;
pub(crate) mod tally;
