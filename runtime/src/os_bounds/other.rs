//! Systems that do not tell where a stack ends: a guess, marked as one.

use crate::bounds::{Source, StackBounds};
use crate::switch::OsStack;

/// What a thread is assumed to have below the first SP seen: as much as Go assumes where it has no
/// start-up code.
const ASSUMED_BYTES: usize = 64 * 1024;

#[expect(clippy::unnecessary_wraps, reason = "the signature of every system's file")]
pub(crate) fn thread_stack(
    sp: usize,
    _os_stack: &OsStack,
    _may_call_libc: bool,
) -> Option<StackBounds> {
    let (low, high) = (sp.saturating_sub(ASSUMED_BYTES), sp.saturating_add(ASSUMED_BYTES));
    Some(StackBounds::new(low, high, Source::Estimated))
}
