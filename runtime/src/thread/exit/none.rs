//! Systems on which no thread keeps a stack, so there is nothing to give back.

/// Nothing to prepare.
pub(crate) fn prepare(_ends: unsafe extern "C" fn(*mut u8)) -> Option<usize> {
    None
}

/// No word of it.
pub(crate) fn watch(_state: *mut u8, _may_allocate: bool) -> bool {
    false
}

/// Nothing is allocated.
pub(crate) fn needs_memory() -> bool {
    false
}

/// Nothing to forget.
pub(crate) fn forget() {}
