//! Name and number of the calling thread, by calls that a signal handler may make.

/// The name, empty where it cannot be asked for safely.
pub(super) fn name(buffer: &mut [u8; 64]) -> &str {
    ask_name(buffer);
    let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
    core::str::from_utf8(&buffer[..end]).unwrap_or("?")
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask_name(buffer: &mut [u8; 64]) {
    // SAFETY: PR_GET_NAME writes at most 16 bytes, the last of them zero.
    unsafe { libc::prctl(libc::PR_GET_NAME, buffer.as_mut_ptr()) };
}

/// The C libraries of the others lock the list of threads for it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn ask_name(_buffer: &mut [u8; 64]) {}

/// The number that debuggers and tools show; of the process where threads have none.
pub(super) fn id() -> u64 {
    ask_id().unwrap_or(0)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask_id() -> Option<u64> {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { libc::syscall(libc::SYS_gettid) }).ok()
}

#[cfg(target_vendor = "apple")]
fn ask_id() -> Option<u64> {
    let mut id = 0;
    // SAFETY: zero is the calling thread, and `id` is valid for writes.
    (unsafe { libc::pthread_threadid_np(0, &raw mut id) } == 0).then_some(id)
}

#[cfg(target_os = "freebsd")]
fn ask_id() -> Option<u64> {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { libc::pthread_getthreadid_np() }).ok()
}

#[cfg(target_os = "netbsd")]
fn ask_id() -> Option<u64> {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { libc::_lwp_self() }).ok()
}

#[cfg(target_os = "openbsd")]
fn ask_id() -> Option<u64> {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { libc::getthrid() }).ok()
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
fn ask_id() -> Option<u64> {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { libc::getpid() }).ok()
}
