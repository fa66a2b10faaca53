//! The one line that a process dies with when a body can have no stack and declared no fallback.

use core::fmt::{self, Write};

use super::line::{Bytes, LineBuf};
use crate::callback::Callback;

/// Why no stack could be had.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// The mapping failed with this errno.
    Mapping(i32),
    /// The thread holds as many stacks as it may.
    Limit(usize),
    /// `switch = never`.
    NeverSwitches,
}

/// Ends the process after one line on standard error. Allocates nothing and takes no lock.
pub(crate) fn abort(callback: &Callback, needed: usize, available: Option<usize>, cause: Cause) -> ! {
    let mut line = LineBuf::new();
    // A line that does not fit is cut; writing to it does not fail.
    let _ = compose(&mut line, callback, needed, available, cause);
    line.print();
    std::process::abort()
}

fn compose(line: &mut LineBuf, callback: &Callback, needed: usize, available: Option<usize>, cause: Cause) -> fmt::Result {
    let reserve = Bytes(callback.reserve_bytes);
    let own = needed - callback.reserve_bytes;
    write!(
        line,
        "guarded-callback: `{}` cannot run: it asked for {reserve} (and {own} bytes for the call), ",
        callback.name
    )?;
    match available {
        Some(bytes) => write!(line, "{bytes} bytes are left, ")?,
        None => line.write_str("C called it on a stack of unknown bounds, ")?,
    }
    match cause {
        Cause::Mapping(errno) => write!(
            line,
            "and no system stack could be mapped (os error {errno}); raise RLIMIT_AS or vm.max_map_count, ask for a smaller `reserve`,"
        )?,
        Cause::Limit(stacks) => write!(
            line,
            "and the thread already holds its limit of {stacks} system stacks (nested too deep, or suspended in coroutines); \
             raise Settings::stacks_per_thread,"
        )?,
        Cause::NeverSwitches => {
            line.write_str("and its option is `switch = never`; let it switch, ask for a smaller `reserve`,")?
        }
    }
    line.write_str(" or declare a `fallback`\n")
}
