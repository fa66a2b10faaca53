//! The number of this process, which changes in the child of a fork.

/// Never zero. Async-signal-safe.
#[cfg(unix)]
pub(crate) fn id() -> usize {
    // SAFETY: no preconditions.
    usize::try_from(unsafe { libc::getpid() }).unwrap_or(1)
}

/// Elsewhere no process is copied.
#[cfg(not(unix))]
pub(crate) fn id() -> usize {
    1
}
