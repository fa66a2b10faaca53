//! Systems on which no thread keeps a stack, so there is nothing to give back.

pub(crate) fn prepare(_ends: unsafe extern "C" fn(*mut u8)) -> Option<usize> {
    None
}

pub(crate) fn watch(_state: *mut u8, _may_allocate: bool) -> bool {
    false
}

pub(crate) fn needs_memory() -> bool {
    false
}

pub(crate) fn forget() {}
