//! What the recipes share: the C library, and the choice between the two callbacks.

use std::ffi::{OsString, c_int, c_void};

/// A callback of the C library: any result but 0 ends the calls.
pub type Each = unsafe extern "C" fn(index: c_int, user: *mut c_void) -> c_int;

unsafe extern "C" {
    /// Calls `each` with 0 .. `count` - 1 on a thread of 64 KiB that the library makes; see
    /// library.c.
    pub fn library_each(count: c_int, each: Each, user: *mut c_void) -> c_int;
}

/// Whether the recipe is to show what happens without the attribute: the only argument is `plain`,
/// and not `guarded` or none.
///
/// Ends the process with an error when it is something else.
#[must_use]
pub fn is_plain() -> bool {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => false,
        [only] if only == "guarded" => false,
        [only] if only == "plain" => true,
        _ => {
            eprintln!("usage: [plain | guarded]");
            std::process::exit(2)
        }
    }
}
