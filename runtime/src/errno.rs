//! errno, or the last error on Windows, which C may look at before and after a callback: the slow
//! path puts it back as it was.

use crate::cfg_if::if_known_unix;

pub(crate) use imp::{get, set};

if_known_unix! { {
    mod imp {
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
    }
} else {
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

    #[cfg(not(windows))]
    mod imp {
        pub(crate) fn get() -> i32 {
            0
        }

        pub(crate) fn set(_value: i32) {}
    }
} }
