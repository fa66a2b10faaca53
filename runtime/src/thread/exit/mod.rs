//! Hearing of a thread's end: `watch(state)` asks for a call of the function that was given to
//! `prepare` with the thread's state, when the calling thread ends.

#[cfg(unix)]
mod pthread;
#[cfg(unix)]
use pthread as imp;

#[cfg(windows)]
mod callback;
#[cfg(windows)]
use callback as imp;

#[cfg(not(any(unix, windows)))]
mod none;
#[cfg(not(any(unix, windows)))]
use none as imp;

#[cfg(windows)]
pub(crate) use imp::set_library_end;
#[cfg(unix)]
#[allow(unused_imports, reason = "for thread-locals that cannot be asked for at any time")]
pub(crate) use imp::{KEYS_WITHOUT_ALLOCATION, value};
pub(crate) use imp::{forget, needs_memory, prepare, watch};
