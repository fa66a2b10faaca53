//! How far the main stack can grow, where its limit does not say: from /proc/self/maps.

use core::ffi::c_long;

use super::rules::Maps;

/// The lowest address that the mapping with `address` can grow to, whatever its limit; `None`
/// without /proc. Plain system calls: no lock, no allocation, no cancellation point.
pub(super) fn lowest_free(address: usize, page_bytes: usize) -> Option<usize> {
    let name = c"/proc/self/maps";
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the name is a C string.
    let file = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), flags) };
    if file < 0 {
        return None;
    }
    let lowest = read(file, Maps::new(address, page_bytes));
    // SAFETY: opened above, and nobody else knows it.
    unsafe { libc::syscall(libc::SYS_close, file) };
    lowest
}

fn read(file: c_long, mut maps: Maps) -> Option<usize> {
    let mut text = [0_u8; 1024];
    loop {
        // SAFETY: `text` is valid for writes of that length.
        let bytes = unsafe { libc::syscall(libc::SYS_read, file, text.as_mut_ptr(), text.len()) };
        let text = text.get(..usize::try_from(bytes).ok().filter(|&bytes| bytes > 0)?)?;
        if let Some(lowest) = text.iter().find_map(|&byte| maps.lowest_free(byte)) {
            return Some(lowest);
        }
    }
}
