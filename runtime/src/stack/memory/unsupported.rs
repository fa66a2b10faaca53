//! Systems on which no stack can be mapped, and Miri: bodies run in place.

pub(crate) const SUPPORTED: bool = false;

pub(crate) const STATIC_MAY_BE_STACK: bool = false;

/// Less guards nothing.
pub(crate) const LEAST_GUARD_BYTES: usize = 1;

pub(crate) fn page_bytes() -> usize {
    4096
}

pub(crate) fn map(_mapped_bytes: usize, _guard_bytes: usize) -> Result<usize, i32> {
    Err(0)
}

pub(crate) fn unmap(_base: usize, _mapped_bytes: usize) {}

pub(crate) fn give_back(_low: usize, _bytes: usize) {}

/// The lowest page that was touched. Not known here.
pub(crate) fn lowest_touched(_low: usize, _high: usize) -> Option<usize> {
    None
}

/// Whether a stack could be mapped below the one in use: not asked here.
pub(crate) fn has_place_below(_bytes: usize) -> bool {
    true
}
