//! Where the thread's stack ends: the lowest address that code on it can use.
//!
//! The contract of every file: `thread_bounds(sp)` returns the bounds of the calling thread's own stack, with all that cannot be
//! used (guard pages, kernel gaps) already subtracted, or `None` when the system does not tell. `sp` is an address on the
//! stack that C called from, which may be another one. Called once per thread; may be slow, need not be
//! async-signal-safe.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::thread_bounds;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod estimate;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use estimate::thread_bounds;
