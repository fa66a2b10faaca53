//! What the examples share.

use std::thread;

pub use examples::is_plain;

/// Stack of the threads that musl makes unless told otherwise (since 1.1.21).
pub const MUSL_THREAD_BYTES: usize = 128 * 1024;

/// Runs `work` on a thread as small as musl's, on every target.
///
/// # Panics
/// When the thread cannot be made, or with the panic of `work`.
pub fn on_small_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(MUSL_THREAD_BYTES).spawn_scoped(scope, work);
        thread
            .expect("a thread can be made")
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
