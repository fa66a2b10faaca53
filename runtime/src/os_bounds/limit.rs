//! The limit of the main stack.

use core::mem::MaybeUninit;

use super::rules;

/// RLIMIT_STACK, the soft one, as it is now; `None` when it is unlimited. Taken for the usual one
/// where it cannot be read, in a sandbox.
pub(super) fn stack_limit() -> Option<usize> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: `limit` is valid for writes and is read only after success.
    let limit = unsafe {
        if libc::getrlimit(libc::RLIMIT_STACK, limit.as_mut_ptr()) != 0 {
            return Some(rules::ASSUMED_LIMIT);
        }
        limit.assume_init().rlim_cur
    };
    rules::limit(limit, libc::RLIM_INFINITY)
}
