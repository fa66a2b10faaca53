//! The name of the calling thread, by calls that a signal handler may make.

/// The name, empty where it cannot be asked for safely.
pub(super) fn of_this_thread(buffer: &mut [u8; 64]) -> &str {
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
