//! Hearing of a thread's end: `watch(state)` asks for a call of the function that was given to
//! `prepare` with the thread's state, when the calling thread ends.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(known_unix)] {
        #[path = "pthread.rs"]
        mod imp;
        #[allow(unused_imports, reason = "for thread-locals that cannot be asked for at any time")]
        pub(crate) use imp::{KEYS_WITHOUT_ALLOCATION, value};
    } else {
        #[path = "none.rs"]
        mod imp;
    }
}
pub(crate) use imp::{forget, needs_memory, prepare, watch};
