//! What the C library tells of the calling thread, on systems where it is asked through thread attributes.

use core::mem::MaybeUninit;

pub(super) struct Attributes {
    pub(super) low: usize,
    pub(super) bytes: usize,
    pub(super) guard_bytes: usize,
}

/// `get` is the system's way to ask for the attributes of a running thread.
pub(super) fn ask(
    get: unsafe extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> libc::c_int,
) -> Option<Attributes> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // FreeBSD fills only attributes that are initialised. Before glibc 2.32 a failing pthread_getattr_np left parts unset that
    // pthread_attr_destroy frees (golang/go#65625).
    // SAFETY: `attr` is valid for writes; init precedes every other use.
    if unsafe { libc::pthread_attr_init(attr.as_mut_ptr()) } != 0 {
        return None;
    }
    let mut low = core::ptr::null_mut();
    let mut bytes = 0;
    let mut guard_bytes = 0;
    // SAFETY: `attr` is initialised, the out-pointers are valid, and pthread_self is the calling thread.
    let known = unsafe {
        // The error of a thread that glibc does not list (ESRCH after a raw clone) comes with right stack values.
        let got = get(libc::pthread_self(), attr.as_mut_ptr());
        let known = (got == 0 || got == libc::ESRCH)
            && libc::pthread_attr_getstack(attr.as_ptr(), &raw mut low, &raw mut bytes) == 0
            && libc::pthread_attr_getguardsize(attr.as_ptr(), &raw mut guard_bytes) == 0;
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        known
    };
    known.then(|| Attributes { low: low.addr(), bytes, guard_bytes })
}
