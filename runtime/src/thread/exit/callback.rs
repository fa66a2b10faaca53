//! Windows: a TLS callback of the executable or DLL, which the loader calls for every thread that
//! ends, whoever made it. Not a callback of fiber-local storage, which ends with each fiber.

use core::ffi::c_void;
use core::hint::black_box;
use core::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_DETACH, DLL_THREAD_DETACH};

/// What to call when a thread ends, and when the library is closed or the process ends.
static THREAD_ENDS: OnceLock<unsafe extern "C" fn(*mut u8)> = OnceLock::new();
static LIBRARY_ENDS: OnceLock<fn(bool)> = OnceLock::new();

/// Notes what to call when a thread ends, with null.
pub(crate) fn prepare(ends: unsafe extern "C" fn(*mut u8)) -> Option<usize> {
    // Not linked into programs that never come here.
    black_box((&raw const CALLBACK, &raw const _tls_used));
    THREAD_ENDS.get_or_init(|| ends);
    None
}

/// Notes what to call when the DLL is unloaded (with true) and when the process ends.
pub(crate) fn set_library_end(ends: fn(bool)) {
    LIBRARY_ENDS.get_or_init(|| ends);
}

/// The callback is there from the beginning.
pub(crate) fn watch(_state: *mut u8, _may_allocate: bool) -> bool {
    true
}

pub(crate) fn needs_memory() -> bool {
    false
}

pub(crate) fn forget() {}

// The linker sorts these sections by the letters after the `$` and the loader calls in that order:
// the standard library (B) and the C runtime (C and D), which run destructors, before us. SAFETY:
// the linker puts this pointer among the callbacks; the type is the one that the loader expects.
#[unsafe(link_section = ".CRT$XLY")]
static CALLBACK: unsafe extern "system" fn(*mut c_void, u32, *mut c_void) = notice;

unsafe extern "C" {
    /// The directory of the callbacks, from the C runtime. Who asks for it by name makes sure that
    /// it is linked.
    static _tls_used: u8;
}

/// `reserved` is null when a DLL is unloaded and not when the process ends, which frees everything
/// by itself.
unsafe extern "system" fn notice(_module: *mut c_void, reason: u32, reserved: *mut c_void) {
    match reason {
        DLL_THREAD_DETACH => {
            if let Some(ends) = THREAD_ENDS.get() {
                // SAFETY: null stands for the calling thread.
                unsafe { ends(ptr::null_mut()) };
            }
        }
        DLL_PROCESS_DETACH => {
            if let Some(ends) = LIBRARY_ENDS.get() {
                ends(reserved.is_null());
            }
        }
        _ => {}
    }
}
