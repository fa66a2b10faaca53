//! errno, by the function that the C library has for it.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        use libc::___errno as location;
    } else if #[cfg(any(
        target_os = "android", target_os = "netbsd", target_os = "openbsd"
    ))] {
        use libc::__errno as location;
    } else if #[cfg(any(target_vendor = "apple", target_os = "freebsd"))] {
        use libc::__error as location;
    } else {
        use libc::__errno_location as location;
    }
}

pub(crate) fn get() -> i32 {
    // SAFETY: libc returns the address of this thread's errno, which is always valid.
    unsafe { *location() }
}

pub(crate) fn set(value: i32) {
    // SAFETY: as in `get`.
    unsafe { *location() = value };
}
