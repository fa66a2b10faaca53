//! What the recipes share: the C library. The choice between the two callbacks is that of the
//! stories.

use std::ffi::{c_int, c_void};

pub use examples::is_plain;

/// A callback of the C library: any result but 0 ends the calls.
pub type Each = unsafe extern "C" fn(index: c_int, user: *mut c_void) -> c_int;

unsafe extern "C" {
    /// Calls `each` with 0 .. `count` - 1 on a thread of 64 KiB that the library makes; see
    /// library.c.
    pub fn library_each(count: c_int, each: Each, user: *mut c_void) -> c_int;
}
