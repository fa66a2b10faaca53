//! Hearing of a thread's end: `watch(state)` asks for a call of the function that was given to
//! `prepare` with the thread's state, when the calling thread ends.

#[cfg_attr(unix, path = "pthread.rs")]
#[cfg_attr(not(unix), path = "none.rs")]
mod imp;

#[cfg(unix)]
#[allow(unused_imports, reason = "for thread-locals that cannot be asked for at any time")]
pub(crate) use imp::{KEYS_WITHOUT_ALLOCATION, value};
pub(crate) use imp::{forget, needs_memory, prepare, watch};
