//! Windows: a TLS callback of the executable or DLL, which the loader calls for every thread that
//! ends, whoever made it. Not a callback of fiber-local storage, which ends with each fiber.

use core::ffi::c_void;

use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_DETACH, DLL_THREAD_DETACH};

// The linker sorts these sections by the letters after the `$` and the loader calls in that
// order: the standard library (B) and the C runtime (C and D), which run destructors, before
// us.
// SAFETY: the linker puts this pointer among the callbacks; the type is the one that the loader
// expects.
#[unsafe(link_section = ".CRT$XLY")]
static CALLBACK: unsafe extern "system" fn(*mut c_void, u32, *mut c_void) = notice;

unsafe extern "C" {
    /// The directory of the callbacks, from the C runtime. Who asks for it by name makes sure
    /// that it is linked.
    static _tls_used: u8;
}

/// `reserved` is null when a DLL is unloaded and not when the process ends, which frees
/// everything by itself.
unsafe extern "system" fn notice(_module: *mut c_void, reason: u32, reserved: *mut c_void) {
    match reason {
        // SAFETY: null stands for the calling thread.
        DLL_THREAD_DETACH => unsafe { super::thread_ends(core::ptr::null_mut()) },
        DLL_PROCESS_DETACH => super::library_ends(reserved.is_null()),
        _ => {}
    }
}

pub(super) fn link() {
    core::hint::black_box((&raw const CALLBACK, &raw const _tls_used));
}
