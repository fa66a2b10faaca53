//! The one line that a process dies with when a body can have no stack and declared no fallback.

use core::fmt::{self, Write};

use super::line::{Bytes, LineBuf};
use crate::callback::Callback;

/// Why no stack could be had.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// The mapping failed with this errno.
    Mapping(i32),
    /// The thread uses as many stacks as it may.
    Limit(usize),
    NeverSwitches,
    /// The alternate signal stack that it was called on cannot be replaced meanwhile.
    SignalStack,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapping(errno) => write!(
                f,
                "no system stack could be mapped (os error {errno}); raise RLIMIT_AS, \
                 RLIMIT_DATA, RLIMIT_MEMLOCK or vm.max_map_count, ask for a smaller `reserve`"
            ),
            Self::Limit(stacks) => write!(
                f,
                "the thread already uses its limit of {stacks} system stack{} (nested too deep, \
                 or suspended in coroutines); raise Settings::stacks_per_thread",
                if *stacks == 1 { "" } else { "s" },
            ),
            Self::NeverSwitches => f.write_str(
                "its option is `switch = never`; let it switch, ask for a smaller `reserve`",
            ),
            Self::SignalStack => f.write_str(
                "sigaltstack is refused, so that it cannot leave the alternate signal stack; allow \
                 it in the sandbox, ask for a smaller `reserve`",
            ),
        }
    }
}

/// Ends the process after one line on standard error. Allocates nothing and takes no lock.
pub(crate) fn abort(
    callback: &Callback,
    needed: usize,
    available: Option<usize>,
    cause: Cause,
) -> ! {
    let mut line = LineBuf::new();
    let (name, reserve_bytes) = (callback.name, callback.reserve_bytes);
    // A line that does not fit is cut; writing to it does not fail.
    let _ = write!(
        line,
        "guarded-callback: `{name}` cannot run: it asked for {} (and {} for the call), ",
        Bytes(reserve_bytes),
        Bytes(needed - reserve_bytes),
    );
    let _ = match available {
        Some(bytes) => write!(line, "the stack has {} left", Bytes(bytes)),
        None => line.write_str("C called it on a stack of unknown bounds"),
    };
    let _ = writeln!(line, ", and {cause}, or declare a `fallback`");
    line.print();
    std::process::abort()
}
