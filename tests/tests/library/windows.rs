//! LoadLibrary and its like.

use core::ffi::{CStr, c_void};
use std::io::Error;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

use windows_sys::Win32::Foundation::FreeLibrary;
use windows_sys::Win32::System::LibraryLoader::{GetProcAddress, LoadLibraryW};

pub(crate) use tests::is_mapped;

/// As cargo names the DLL of the plugin.
pub(crate) const FILE_NAME: &str = "plugin.dll";
pub(crate) const WITH_LOCALS: &str = "plugin_with_locals.dll";

pub(crate) fn open(path: &Path) -> *mut c_void {
    let path: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: the path ends with zero; what the plugin does when it is loaded is what the Rust
    // library does.
    let handle = unsafe { LoadLibraryW(path.as_ptr()) };
    assert!(!handle.is_null(), "{}", Error::last_os_error());
    handle
}

/// # Safety
/// `handle` is open, and nothing of the library runs or is called any more.
pub(crate) unsafe fn close(handle: *mut c_void) {
    // SAFETY: the caller's promise.
    assert!(unsafe { FreeLibrary(handle) } != 0, "{}", Error::last_os_error());
}

/// # Safety
/// `handle` is open.
pub(crate) unsafe fn symbol(handle: *mut c_void, name: &CStr) -> *const c_void {
    // SAFETY: the caller's promise.
    let symbol = unsafe { GetProcAddress(handle, name.as_ptr().cast()) };
    symbol.unwrap_or_else(|| panic!("{name:?}: {}", Error::last_os_error())) as *const c_void
}
