//! The report of an overflow: which callback has run into the guard area of its system stack.

#[cfg(unix)]
mod signal;
#[cfg(unix)]
pub(crate) use signal::{cover_thread, install, uncover_thread};

#[cfg(not(unix))]
mod unsupported;
#[cfg(not(unix))]
pub(crate) use unsupported::{cover_thread, install, uncover_thread};

use core::fmt::{self, Write};

use super::line::Line;
use crate::stack::Header;
use crate::thread;

/// From now on an overflow of a system stack is reported on standard error before the process dies of it.
///
/// The report names the callback, the thread, the size of the stack and the room that the callback asked for. The signal then goes to the
/// handler that was installed before; where there was none, the process dies as it would have. Faults of
/// any other kind go there without a word. Threads that have no alternate signal stack get one at their first
/// callback after this call, also those that C created; [`prepare_thread`](crate::prepare_thread) gives it at once.
///
/// # Errors
/// That of `sigaction(2)`; unsupported where there are no POSIX signals.
///
/// ```
/// guarded_callback::install_overflow_report()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn install_overflow_report() -> std::io::Result<()> {
    install()
}

/// Prints the report when `address` lies in the guard area of a stack that the calling thread holds. Async-signal-safe.
#[cfg_attr(not(unix), expect(dead_code, reason = "called by the signal handler"))]
fn report(address: usize, thread_name: &str, thread_id: u64) {
    // SAFETY: the state of the calling thread, used in this call only.
    let thread = unsafe { &*thread::current() };
    if let Some(header) = thread.held().find(|header| header.guard().contains(&address)) {
        let mut line = Line::new();
        // A line that does not fit is cut; writing to it does not fail.
        let _ = compose(&mut line, header, thread_name, thread_id);
        line.print();
    }
}

fn compose(line: &mut Line, header: &Header, thread_name: &str, thread_id: u64) -> fmt::Result {
    let (name, asked) = header.running().map_or(("unknown", 0), |callback| (callback.name, callback.reserve_bytes));
    writeln!(
        line,
        "guarded-callback: `{name}` has overflowed its system stack on thread '{thread_name}' ({thread_id}): all of its {} bytes \
         are used, it asked for {asked}; recurse less deep, or raise Settings::system_stack_bytes or `stack`",
        header.room_bytes
    )
}
