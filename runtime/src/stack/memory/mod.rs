//! Memory for system stacks: one facade, one file for each family of systems.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{give_back, map, page_bytes, unmap};

#[cfg(not(unix))]
mod unsupported;
#[cfg(not(unix))]
pub(crate) use unsupported::{give_back, map, page_bytes, unmap};
