//! The report of an overflow: which callback has run into the guard area of its system stack.

// tvOS and watchOS forbid sigaltstack.
#[cfg(all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))))]
mod signal;
#[cfg(all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))))]
pub(crate) use signal::{cover_thread, install, uncover_thread, uninstall};

#[cfg(windows)]
mod exception;
#[cfg(windows)]
pub(crate) use exception::{cover_thread, install, uncover_thread, uninstall};

#[cfg(not(any(
    all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))),
    windows
)))]
mod unsupported;
#[cfg(not(any(
    all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))),
    windows
)))]
#[cfg_attr(
    not(any(unix, windows)),
    allow(unused_imports, reason = "`uninstall` is called where libraries can be unloaded")
)]
pub(crate) use unsupported::{cover_thread, install, uncover_thread, uninstall};

use core::fmt::{self, Write};

use super::line::Line;
use crate::stack::Header;
use crate::thread;

/// How many callbacks the report names besides the one that has overflowed.
const CALLERS_NAMED: usize = 6;

/// From now on an overflow of a system stack is reported on standard error before the process dies of it.
///
/// The report names the callback, the thread, the size of the stack, the room that the callback asked for, and the callbacks on other
/// system stacks that it was called from. The signal then goes to the handler that was installed before; where there was none, the
/// process dies as it would have. Faults of any other kind go there without a word.
///
/// The handler needs an alternate signal stack. The calling thread gets one if it has none, and so do other threads, also those
/// that C created, when they make their first callback after this call; a thread that called back before gets it from
/// [`prepare_thread`](crate::prepare_thread).
///
/// # Errors
/// That of `sigaction(2)` or `AddVectoredExceptionHandler`, and then nothing is installed; unsupported where there is neither.
///
/// ```
/// guarded_callback::install_overflow_report()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn install_overflow_report() -> std::io::Result<()> {
    install()
}

/// Prints the report when `address`, which was touched with SP at `sp`, lies in the guard area of the stack that the calling
/// thread runs on. Async-signal-safe.
#[cfg_attr(any(miri, not(any(unix, windows))), allow(dead_code, reason = "called by the signal handler"))]
fn report(address: usize, sp: Option<usize>, thread_name: &str, thread_id: u64) {
    // SAFETY: the state of the calling thread, used in this call only.
    let thread = unsafe { &*thread::current() };
    let has_overflowed = |header: &Header| {
        let is_in_use = sp.is_none_or(|sp| header.contains(sp) || header.guard().contains(&sp));
        header.guard().contains(&address) && is_in_use
    };
    if let Some(header) = thread.held().find(|header| has_overflowed(header)) {
        let mut line = Line::new();
        // A line that does not fit is cut; writing to it does not fail.
        let _ = compose(&mut line, header, thread_name, thread_id).and_then(|()| compose_callers(&mut line, header));
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

/// The bodies that wait for the one that has overflowed, each on a system stack of its own.
fn compose_callers(line: &mut Line, overflowed: &Header) -> fmt::Result {
    let host_of = |header: &Header| header.host_record().and_then(thread::system_stack);
    let callers = core::iter::successors(host_of(overflowed), |header| host_of(header));
    for header in callers.take(CALLERS_NAMED) {
        let Some(callback) = header.running() else { break };
        writeln!(line, "guarded-callback:   called from `{}` on another system stack", callback.name)?;
    }
    Ok(())
}
