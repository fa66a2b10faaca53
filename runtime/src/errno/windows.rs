//! The last error.

use windows_sys::Win32::Foundation::{GetLastError, SetLastError};

pub(crate) fn get() -> i32 {
    // SAFETY: no preconditions.
    unsafe { GetLastError() }.cast_signed()
}

pub(crate) fn set(value: i32) {
    // SAFETY: no preconditions.
    unsafe { SetLastError(value.cast_unsigned()) };
}
