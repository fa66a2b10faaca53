//! Windows, where the loader calls for every thread that ends (ending.rs), and systems on which no
//! thread keeps a stack.

pub(crate) fn prepare(_ends: unsafe extern "C" fn(*mut u8)) -> Option<usize> {
    None
}

pub(crate) fn watch(_state: *mut u8, _may_allocate: bool) -> bool {
    cfg!(windows)
}

pub(crate) fn needs_memory() -> bool {
    false
}

pub(crate) fn forget() {}
