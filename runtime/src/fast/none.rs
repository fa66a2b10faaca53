//! Targets without a fast path, and the features that need none.

/// The target has none, or it is switched off.
pub(crate) const EXISTS: bool = false;

/// There is no fast path to keep a stack from.
pub(crate) const SWITCHES_UP: bool = true;

/// The compiled way looks by itself.
#[inline(always)]
pub(crate) fn has_looked() -> bool {
    true
}

/// Nothing was made by a fast path.
pub(crate) fn has_made(_record: usize) -> bool {
    false
}

/// Not called.
pub(crate) fn left_at(record: usize) -> usize {
    record
}
