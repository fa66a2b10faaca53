//! POSIX threads: the destructor of a thread-specific key. It runs for threads that C made too, and unlike a Rust thread-local
//! with a destructor it allocates nothing and keeps no shared object from being closed.

use core::sync::atomic::{AtomicUsize, Ordering};

/// The key plus one, zero before the first use, [`CLOSED`] after the last.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// The library is being unloaded: a key made now would outlive its destructor's code.
const CLOSED: usize = usize::MAX;

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
        return key_of(known);
    }
    let mut key = 0;
    // SAFETY: `key` is valid for writes, and the destructor is a function with the signature that POSIX wants.
    if unsafe { libc::pthread_key_create(&raw mut key, Some(thread_ends)) } != 0 {
        return None;
    }
    match KEY.compare_exchange(0, usize::try_from(key).ok()? + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            unload::watch();
            Some(key)
        }
        Err(winner) => {
            // SAFETY: this thread created the key and nobody has seen it.
            unsafe { libc::pthread_key_delete(key) };
            key_of(winner)
        }
    }
}

fn key_of(known: usize) -> Option<libc::pthread_key_t> {
    if known == CLOSED { None } else { libc::pthread_key_t::try_from(known.checked_sub(1)?).ok() }
}

/// Takes away the key and the signal handler before their code is unmapped by dlclose, and gives back what nobody uses; also
/// runs at the end of the process.
extern "C" fn library_ends() {
    super::report();
    super::give_back_idle();
    crate::report::overflow::uninstall();
    if let Some(key) = key_of(KEY.swap(CLOSED, Ordering::AcqRel)) {
        // SAFETY: the swap made this call the only one that deletes the key.
        unsafe { libc::pthread_key_delete(key) };
    }
}

/// ELF: the linker puts this pointer among the functions to call when the object is unloaded.
#[cfg(not(any(target_vendor = "apple", target_os = "aix")))]
mod unload {
    // SAFETY: what lies in this section are functions of that type.
    #[used]
    #[unsafe(link_section = ".fini_array")]
    static AT_UNLOAD: extern "C" fn() = super::library_ends;

    /// Nothing is left to do at run time.
    pub(super) fn watch() {}
}

/// Mach-O: dyld calls what was registered for the image, as C++ compilers do it for destructors of statics.
#[cfg(target_vendor = "apple")]
mod unload {
    unsafe extern "C" {
        /// Made by the linker: an address in the image.
        static __dso_handle: u8;
        fn __cxa_atexit(
            function: unsafe extern "C" fn(*mut libc::c_void),
            argument: *mut libc::c_void,
            image: *const u8,
        ) -> libc::c_int;
    }

    unsafe extern "C" fn library_ends(_argument: *mut libc::c_void) {
        super::library_ends();
    }

    pub(super) fn watch() {
        // SAFETY: the function has the type that is asked for and ignores its argument. Should it fail for want of memory, a dlclose leaves the
        // key behind, as every library without such a hook does.
        unsafe { __cxa_atexit(library_ends, core::ptr::null_mut(), &raw const __dso_handle) };
    }
}

/// XCOFF: the linker takes such functions by name only (-binitfini), so a library is not to be unloaded.
#[cfg(target_os = "aix")]
mod unload {
    const _: extern "C" fn() = super::library_ends;

    pub(super) fn watch() {}
}

unsafe extern "C" fn thread_ends(_value: *mut libc::c_void) {
    super::give_back();
}
