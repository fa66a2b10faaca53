//! dlopen and its like.

use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// As cargo names the shared object of the plugin.
pub(crate) const FILE_NAME: &str = "libplugin.so";
pub(crate) const WITH_LOCALS: &str = "libplugin_with_locals.so";

pub(crate) fn open(path: &Path) -> *mut c_void {
    open_with(path, libc::RTLD_LOCAL)
}

/// `scope`: whether libraries that are opened later see the symbols of this one.
pub(crate) fn open_with(path: &Path, scope: c_int) -> *mut c_void {
    let path = CString::new(path.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the plugin's constructors are those of the Rust library.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | scope) };
    assert!(!handle.is_null(), "{}", error());
    handle
}

/// # Safety
/// `handle` is open, and nothing of the library runs or is called any more.
pub(crate) unsafe fn close(handle: *mut c_void) {
    // SAFETY: the caller's promise.
    assert_eq!(unsafe { libc::dlclose(handle) }, 0, "{}", error());
}

/// # Safety
/// `handle` is open.
pub(crate) unsafe fn symbol(handle: *mut c_void, name: &CStr) -> *const c_void {
    // SAFETY: the caller's promise.
    let symbol = unsafe { libc::dlsym(handle, name.as_ptr()) };
    assert!(!symbol.is_null(), "{}", error());
    symbol
}

fn error() -> String {
    // SAFETY: returns null or a text that stays until the next call.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        String::new()
    } else {
        // SAFETY: as above; the text is not null.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}

/// Whether something is mapped at `address`.
pub(crate) fn is_mapped(address: usize) -> bool {
    let mut resident = 0_u8;
    // SAFETY: asks only, about one page.
    unsafe {
        libc::mincore(ptr::without_provenance_mut(address & !4095), 4096, &raw mut resident) == 0
    }
}
