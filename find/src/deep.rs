//! Room for deep syntax: a parser calls itself for each level of nesting, and tests run on threads
//! of 2 MiB.

use std::thread;

/// Address space; memory is taken as it is touched.
const STACK_BYTES: usize = 256 << 20;

/// Runs `work` on a thread with a large stack, or here where there can be none.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // In an `Option`, since a thread that could not be made has dropped what it was given.
    let mut work = Some(work);
    let mut run = || work.take().map(|work| work());
    let result = thread::scope(|scope| {
        let thread =
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, &mut run).ok()?;
        thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    });
    result.or_else(run).expect("the work was not done yet, so it is done now")
}
