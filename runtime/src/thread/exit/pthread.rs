//! POSIX threads: the destructor of a thread-specific key. It runs for threads that C made too, and
//! unlike a Rust thread-local with a destructor it allocates nothing and keeps no shared object
//! from being closed.

use core::sync::atomic::{AtomicUsize, Ordering::*};

/// The key plus one, zero before the first use, [`CLOSED`] after the last.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// The library is being closed: a key made now would outlive its destructor's code.
const CLOSED: usize = usize::MAX;

/// glibc keeps the values of so many keys in the thread itself, and allocates for the others.
pub(crate) const KEYS_WITHOUT_ALLOCATION: usize =
    if cfg!(target_env = "gnu") { 32 } else { usize::MAX };

/// Makes the key, whose destructor is `ends`, and returns its number; `None` when the process has
/// no key left. Done when the library is loaded, before a program has used up all keys.
pub(crate) fn prepare(ends: unsafe extern "C" fn(*mut u8)) -> Option<usize> {
    let known = KEY.load(Acquire);
    if known != 0 {
        return number(known);
    }
    if is_in_another_namespace() {
        return None;
    }
    let mut key = 0;
    type Ends<T> = unsafe extern "C" fn(*mut T);
    // SAFETY: the two types differ in what the pointer points to.
    let ends = unsafe { core::mem::transmute::<Ends<u8>, Ends<libc::c_void>>(ends) };
    // SAFETY: `key` is valid for writes, and the destructor is a function with the signature that
    // POSIX wants.
    if unsafe { libc::pthread_key_create(&raw mut key, Some(ends)) } != 0 {
        return None;
    }
    let new = usize::try_from(key).ok()? + 1;
    match KEY.compare_exchange(0, new, AcqRel, Acquire) {
        Ok(_) => number(new),
        Err(winner) => {
            // SAFETY: this thread created the key and nobody has seen it.
            unsafe { libc::pthread_key_delete(key) };
            number(winner)
        }
    }
}

/// Whether this is a library that was opened by dlmopen(3): its C library is a second one, whose
/// keys have the numbers, and in the thread's descriptor the places, of the program's own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_in_another_namespace() -> bool {
    const RTLD_DL_LINKMAP: libc::c_int = 2;
    let own = prepare as *const ();
    if crate::process::executable::contains(own.addr()) {
        return false;
    }
    let (mut info, mut map) = (core::mem::MaybeUninit::uninit(), core::ptr::null_mut());
    let mut namespace: libc::c_long = libc::LM_ID_BASE;
    // SAFETY: an address of this library, and room for what is asked of it: where it lies, the
    // loader's entry of it, which serves as a handle, and the number of its namespace.
    unsafe {
        if libc::dladdr1(own.cast(), info.as_mut_ptr(), &raw mut map, RTLD_DL_LINKMAP) != 0 {
            libc::dlinfo(map, libc::RTLD_DI_LMID, (&raw mut namespace).cast());
        }
    }
    namespace != libc::LM_ID_BASE
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn is_in_another_namespace() -> bool {
    false
}

fn number(known: usize) -> Option<usize> {
    if known == CLOSED { None } else { known.checked_sub(1) }
}

fn key() -> Option<libc::pthread_key_t> {
    number(KEY.load(Acquire)).and_then(|number| libc::pthread_key_t::try_from(number).ok())
}

/// Asks for word of the calling thread's end, with `state`, which is not null. False when there is
/// no key, or when memory would have to be allocated for it and that is not allowed.
pub(crate) fn watch(state: *mut u8, may_allocate: bool) -> bool {
    let Some(key) = key() else { return false };
    // SAFETY: the key was created and is not deleted while this code can run.
    (may_allocate || !needs_memory())
        && unsafe { libc::pthread_setspecific(key, state.cast()) == 0 }
}

/// Whether the C library may have to allocate memory to watch a thread.
pub(crate) fn needs_memory() -> bool {
    number(KEY.load(Acquire)).is_some_and(|key| key >= KEYS_WITHOUT_ALLOCATION)
}

/// The value that the calling thread was watched with, null if it was not.
#[allow(dead_code, reason = "for thread-locals that cannot be asked for at any time")]
pub(crate) fn value() -> *mut u8 {
    // SAFETY: as in `watch`; async-signal-safe in glibc and musl, which only read.
    key().map_or(core::ptr::null_mut(), |key| unsafe { libc::pthread_getspecific(key) }.cast())
}

/// Deletes the key, before its destructor's code is unmapped.
pub(crate) fn forget() {
    if let Some(number) = number(KEY.swap(CLOSED, AcqRel)) {
        // SAFETY: the swap made this call the only one that deletes the key.
        unsafe { libc::pthread_key_delete(number as libc::pthread_key_t) };
    }
}
