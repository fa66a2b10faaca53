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
mod none;
#[cfg(not(any(
    all(unix, not(any(miri, target_family = "wasm", target_os = "tvos", target_os = "watchos"))),
    windows
)))]
#[cfg_attr(
    not(any(unix, windows)),
    allow(unused_imports, reason = "`uninstall` is called where libraries can be unloaded")
)]
pub(crate) use none::{cover_thread, install, uncover_thread, uninstall};

use core::fmt::{self, Write};

use super::line::{Bytes, LineBuf};
use crate::fast;
use crate::stack::{Header, table};
use crate::thread;

/// How many callbacks the report names besides the one that has overflowed.
const CALLERS_NAMED: usize = 6;

/// Prints the report when `address`, which was touched with SP at `sp`, lies in the guard area of the stack that the calling
/// thread runs on. Async-signal-safe.
#[cfg_attr(any(miri, not(any(unix, windows))), allow(dead_code, reason = "called by the signal handler"))]
fn report(address: usize, sp: Option<usize>, thread_name: &str, thread_id: u64) {
    let mut line = LineBuf::new();
    let is_in_use = |header: &&'static Header| {
        sp.is_none_or(|sp| header.contains(sp) || header.guard().contains(&sp))
    };
    let overflowed = table::slot_at(address).filter(|header| header.guard().contains(&address));
    // A line that does not fit is cut; writing to it does not fail.
    let _ = if let Some(header) = overflowed.filter(is_in_use) {
        compose(&mut line, header, thread_name, thread_id).and_then(|()| compose_callers(&mut line, header))
    } else if let Some(bounds) = overflowed_thread_stack(address, sp) {
        compose_in_place(&mut line, bounds.high() - bounds.low(), thread_name, thread_id)
    } else {
        return;
    };
    line.print();
}

/// The calling thread's own stack, if `address` lies just below it and SP near its low end.
fn overflowed_thread_stack(address: usize, sp: Option<usize>) -> Option<crate::bounds::StackBounds> {
    /// How far below its end a stack may be left: frames of code without stack probes are larger
    /// than a guard page.
    const BELOW: usize = 1 << 20;
    let bounds = thread::current()?.bounds()??;
    let is_near = |at: usize| at < bounds.low().saturating_add(BELOW) && at >= bounds.low().saturating_sub(BELOW);
    (address < bounds.low() && is_near(address) && sp.is_none_or(is_near)).then_some(bounds)
}

fn compose_in_place(line: &mut LineBuf, bytes: usize, thread_name: &str, thread_id: u64) -> fmt::Result {
    writeln!(
        line,
        "guarded-callback: thread '{thread_name}' ({thread_id}) has overflowed its own stack of {}; if a guarded callback \
         ran there, in place, its `reserve` is smaller than what its body uses: raise it",
        Bytes(bytes)
    )
}

fn compose(line: &mut LineBuf, header: &Header, thread_name: &str, thread_id: u64) -> fmt::Result {
    let (name, asked) = fast::running(header).map_or(("unknown", 0), |callback| (callback.name, callback.reserve_bytes));
    writeln!(
        line,
        "guarded-callback: `{name}` has overflowed its system stack on thread '{thread_name}' ({thread_id}): all of its {} bytes \
         are used, it asked for {asked}; recurse less deep, or raise Settings::system_stack_bytes or `reserve`",
        header.room_bytes
    )
}

/// The bodies that wait for the one that has overflowed, each on a system stack of its own.
fn compose_callers(line: &mut LineBuf, overflowed: &Header) -> fmt::Result {
    let calling = |header: &Header| header.record().and_then(table::stack_at);
    let callers = core::iter::successors(calling(overflowed), |header| calling(header));
    for header in callers.take(CALLERS_NAMED) {
        let Some(callback) = fast::running(header) else { break };
        writeln!(line, "guarded-callback:   called from `{}` on another system stack", callback.name)?;
    }
    Ok(())
}
