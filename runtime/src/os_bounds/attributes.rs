//! Systems whose C library tells of the calling thread through thread attributes.

use core::mem::MaybeUninit;

use super::rules::Reported;

/// What the C library's thread attributes tell of the calling thread's stack, and the size of its
/// guard area. `get` is the system's way to ask for the attributes of a running thread. Allocates
/// in glibc and on the BSDs.
pub(super) fn ask(
    get: unsafe extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> libc::c_int,
) -> Option<(Reported, usize)> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // FreeBSD fills only attributes that are initialised. Before glibc 2.32 a failing
    // pthread_getattr_np left parts unset that pthread_attr_destroy frees (golang/go#65625).
    // SAFETY: `attr` is valid for writes.
    if unsafe { libc::pthread_attr_init(attr.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut low, mut bytes, mut guard_bytes) = (core::ptr::null_mut(), 0, 0);
    // SAFETY: `attr` is initialised, the out-pointers are valid, and pthread_self is the calling
    // thread.
    let is_known = unsafe {
        // The error of a thread that glibc does not list (ESRCH after a raw clone) comes with
        // right stack values.
        let error = get(libc::pthread_self(), attr.as_mut_ptr());
        let is_known = (error == 0 || error == libc::ESRCH)
            && libc::pthread_attr_getstack(attr.as_ptr(), &raw mut low, &raw mut bytes) == 0
            && libc::pthread_attr_getguardsize(attr.as_ptr(), &raw mut guard_bytes) == 0;
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        is_known
    };
    is_known.then(|| Reported::above(low.addr(), bytes))?.map(|reported| (reported, guard_bytes))
}
