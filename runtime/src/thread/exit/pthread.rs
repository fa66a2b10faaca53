//! POSIX threads: the destructor of a thread-specific key. It runs for threads that C made too, and unlike a Rust thread-local
//! with a destructor it allocates nothing and keeps no shared object from being closed.

use core::sync::atomic::{AtomicUsize, Ordering};

/// The key plus one, zero before the first use.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// Asks for word of the calling thread's end. False when the process has no key left.
pub(crate) fn watch() -> bool {
    let Some(key) = key() else { return false };
    // Any value but null makes the destructor run.
    // SAFETY: the key was created and is never deleted while this code can run.
    unsafe { libc::pthread_setspecific(key, core::ptr::without_provenance(1)) == 0 }
}

fn key() -> Option<libc::pthread_key_t> {
    let known = KEY.load(Ordering::Acquire);
    if known != 0 {
        return libc::pthread_key_t::try_from(known - 1).ok();
    }
    let mut key = 0;
    // SAFETY: `key` is valid for writes, and the destructor is a function with the signature that POSIX wants.
    if unsafe { libc::pthread_key_create(&raw mut key, Some(thread_ends)) } != 0 {
        return None;
    }
    match KEY.compare_exchange(0, usize::try_from(key).ok()? + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(key),
        Err(winner) => {
            // SAFETY: this thread created the key and nobody has seen it.
            unsafe { libc::pthread_key_delete(key) };
            libc::pthread_key_t::try_from(winner - 1).ok()
        }
    }
}

/// Takes away the key and the signal handler before their code is unmapped by dlclose, and gives back what nobody uses; also
/// runs at the end of the process.
extern "C" fn library_ends() {
    super::give_back_idle();
    crate::report::overflow::uninstall();
    let known = KEY.swap(0, Ordering::AcqRel);
    if let Some(key) = known.checked_sub(1).and_then(|key| libc::pthread_key_t::try_from(key).ok()) {
        // SAFETY: the swap made this call the only one that deletes the key.
        unsafe { libc::pthread_key_delete(key) };
    }
}

// SAFETY: the linker puts this pointer among the functions to call when the object is unloaded; the type is the one it expects.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
))]
#[used]
#[unsafe(link_section = ".fini_array")]
static AT_UNLOAD: extern "C" fn() = library_ends;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
)))]
const _: extern "C" fn() = library_ends;

unsafe extern "C" fn thread_ends(_value: *mut libc::c_void) {
    super::give_back();
}
