//! What the examples share.

use std::ffi::OsString;
use std::thread;

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

/// Whether the example is to show what happens without the attribute: the only argument is `plain`,
/// and not `guarded` or none.
///
/// Ends the process with an error when it is something else.
#[must_use]
pub fn is_plain() -> bool {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => false,
        [only] if only == "guarded" => false,
        [only] if only == "plain" => true,
        _ => {
            eprintln!("usage: [plain | guarded]");
            std::process::exit(2)
        }
    }
}
