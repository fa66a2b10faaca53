//! The report of an overflow: which callback has run out of its system stack, or that the thread
//! has run out of its own, on which callbacks run in place.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(any(target_os = "tvos", target_os = "watchos"))] {
        // Which forbid sigaltstack.
        mod none;
        use none as imp;
    } else if #[cfg(known_unix)] {
        mod signal;
        use signal as imp;
    } else if #[cfg(windows)] {
        mod exception;
        use exception as imp;
    } else {
        mod none;
        use none as imp;
    }
}

#[allow(unused_imports, reason = "`uninstall` is called where libraries can be closed")]
pub(crate) use imp::{cover_thread, install, uncover_thread, uninstall};

use core::fmt::{self, Write};
use core::iter::successors;

use super::line::{Bytes, LineBuf};
use crate::stack::{Header, table};
use crate::{fast, thread};

/// How many callbacks the report names besides the one that has overflowed.
const CALLERS_NAMED: usize = 6;

/// How far from the low end of a stack an overflow of it is found: C frames without stack
/// probes step over a guard page, and some systems report the end a little too high or too low.
const NEAR_BYTES: usize = 1 << 20;

/// Prints the report when the access to `address`, with SP at `sp` where that is known, has
/// overflowed the stack that the calling thread runs on. Async-signal-safe.
#[allow(dead_code, reason = "called by the handlers")]
fn report(address: usize, sp: Option<usize>, thread_name: &str) {
    let mut line = LineBuf::new();
    // A line that does not fit is cut; writing to it does not fail.
    let _ = match overflowed_system_stack(address, sp) {
        Some(header) => compose(&mut line, header, thread_name),
        None => compose_in_place(&mut line, address, sp, thread_name),
    };
    line.print();
}

/// The stack whose guard area `address` lies in, if SP is near the low end of that stack or in its
/// guard area. On Windows frames of any size touch their pages before SP moves.
fn overflowed_system_stack(address: usize, sp: Option<usize>) -> Option<&'static Header> {
    let header = table::slot_at(address).filter(|header| header.guard().contains(&address))?;
    let is_near = |sp: usize| cfg!(windows) || sp - header.low <= NEAR_BYTES;
    let is_on = |sp: usize| header.contains(sp) && is_near(sp) || header.guard().contains(&sp);
    sp.is_none_or(is_on).then_some(header)
}

fn compose(line: &mut LineBuf, header: &Header, thread_name: &str) -> fmt::Result {
    let (name, reserve_bytes) = match fast::running(header) {
        Some(callback) => (callback.name, callback.reserve_bytes),
        None => ("unknown", 0),
    };
    writeln!(
        line,
        "guarded-callback: `{name}` has overflowed its system stack on thread '{thread_name}' \
         ({}): all of its {} are used, and it asked for {}; recurse less deeply, or raise \
         Settings::system_stack_bytes or its `reserve`",
        thread::id::current(),
        Bytes(header.room_bytes),
        Bytes(reserve_bytes),
    )?;
    // The bodies that wait for this one, each on a system stack of its own.
    let calling = |header: &&Header| header.record().and_then(table::stack_at);
    for caller in successors(calling(&header), calling).take(CALLERS_NAMED) {
        let Some(callback) = fast::running(caller) else { break };
        writeln!(
            line,
            "guarded-callback:   called from `{}` on another system stack",
            callback.name
        )?;
    }
    Ok(())
}

/// Writes nothing unless address and SP lie near the low end of the thread's own stack, and a
/// callback has run in place there. Which one runs now is not known: those of the fast path leave
/// no trace.
fn compose_in_place(
    line: &mut LineBuf,
    address: usize,
    sp: Option<usize>,
    thread_name: &str,
) -> fmt::Result {
    let Some(known) = thread::current() else { return Ok(()) };
    let (Some(Some(bounds)), Some(first)) = (known.bounds(), known.first_in_place()) else {
        return Ok(());
    };
    let is_near = |at: usize| at.abs_diff(bounds.low()) <= NEAR_BYTES;
    if !is_near(address) || !sp.is_none_or(is_near) {
        return Ok(());
    }
    writeln!(
        line,
        "guarded-callback: thread '{thread_name}' ({}) has overflowed its own stack of {}, on \
         which callbacks ran in place, the first of them `{}`, which asked for {}; if one was \
         running, recurse less deeply, or raise its `reserve` to what it uses: where less is left \
         it runs on a system stack",
        thread::id::current(),
        Bytes(bounds.high() - bounds.low()),
        first.name,
        Bytes(first.reserve_bytes),
    )
}
