//! The alternate signal stack of the calling thread.
//!
//! The kernel starts a handler with `SA_ONSTACK` at the top of that stack unless SP is on it. A body that such a handler has called may run
//! elsewhere, and then the next signal would write over the frames of the first handler, which waits for the body. So the stack is
//! disarmed while the body runs: handlers that arrive meanwhile run on the body's stack. `SS_AUTODISARM` asks the kernel for the same.
//!
//! Where the stack lies is asked when a thread is prepared, and when a callback arrives from a stack that nobody knows. Then the warm
//! path knows an arrival from there (`Hot::is_on_signal_stack`), and it comes to [`Blocked`] and [`Disarmed`]; the bounds are asked for again
//! then, since the program may have set another stack.

#[cfg_attr(
    all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))),
    path = "signal_stack/posix.rs"
)]
mod absent;

pub(crate) use absent::*;
