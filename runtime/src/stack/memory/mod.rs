//! Memory for system stacks: one facade, one file for each family of systems.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{LEAST_GUARD_BYTES, give_back, map, page_bytes, unmap};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{LEAST_GUARD_BYTES, allocation_base, commit, fields, give_back, map, page_bytes, unmap};

#[cfg(not(any(unix, windows)))]
mod unsupported;
#[cfg(not(any(unix, windows)))]
pub(crate) use unsupported::{LEAST_GUARD_BYTES, give_back, map, page_bytes, unmap};
