//! What the runtime tells people: counters, the picture of a thread's stacks, and why a body could not run.

pub(crate) mod counters;
pub(crate) mod map;
pub(crate) mod refusal;
