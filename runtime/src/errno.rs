//! errno, or the last error on Windows, which C may look at before and after a callback: the slow
//! path puts it back as it was.

pub(crate) use imp::{get, set};

#[cfg(unix)]
mod imp {
    use crate::cfg_if::cfg_if;

    cfg_if! {
        if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
            use libc::___errno as location;
        } else if #[cfg(any(
            target_os = "android", target_os = "netbsd", target_os = "openbsd", target_os = "cygwin"
        ))] {
            use libc::__errno as location;
        } else if #[cfg(any(target_vendor = "apple", target_os = "freebsd"))] {
            use libc::__error as location;
        } else if #[cfg(target_os = "nto")] {
            use libc::__get_errno_ptr as location;
        } else if #[cfg(target_os = "aix")] {
            use libc::_Errno as location;
        } else if #[cfg(target_os = "haiku")] {
            use libc::_errnop as location;
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
}

#[cfg(windows)]
mod imp {
    use windows_sys::Win32::Foundation::{GetLastError, SetLastError};

    pub(crate) fn get() -> i32 {
        // SAFETY: no preconditions.
        unsafe { GetLastError() }.cast_signed()
    }

    pub(crate) fn set(value: i32) {
        // SAFETY: no preconditions.
        unsafe { SetLastError(value.cast_unsigned()) };
    }
}

#[cfg(not(any(unix, windows)))]
mod imp {
    pub(crate) fn get() -> i32 {
        0
    }

    pub(crate) fn set(_value: i32) {}
}
