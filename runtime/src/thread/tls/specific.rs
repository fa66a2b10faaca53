//! Apple's systems on x86_64 and aarch64: the words lie in the state of the thread, which the value
//! of our thread-specific key leads to.
//!
//! Not in a thread-local of the system's: dyld allocates those when a thread first asks for one, so
//! a first callback in a handler that has interrupted malloc would hang. libpthread has a place for
//! the value of each key in every thread, at the thread pointer plus eight times the key. That is
//! how dyld's code finds thread-locals and how every program of Go finds its goroutine, but Apple
//! documents it nowhere. So [`find_place`] looks whether it is so, and without that there is no
//! fast path.

use core::arch::asm;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::*};

use super::Words;
use crate::thread::exit;
use crate::thread::signal_mask::Blocked;

/// The distance from the thread pointer of the value of our key, 0 if unknown.
pub static LOCATION: AtomicUsize = AtomicUsize::new(0);

/// Finds out where the values of our key lie, whose number is `key`. Called while dyld loads this
/// program or library, and on the slow path, when the calling thread has no value yet.
pub(crate) fn find_place(key: Option<usize>) {
    let Some(key) = key.filter(|_| LOCATION.load(Relaxed) == 0) else { return };
    let distance = key * size_of::<*mut Words>();
    // What a handler calls back meanwhile would take the mark for a state.
    let _blocked = Blocked::all();
    let mark = (&raw const LOCATION).cast_mut();
    if exit::watch(mark.cast(), true) && value_at(distance) == mark.cast() {
        LOCATION.store(distance, Release);
    }
    exit::watch(ptr::null_mut(), true);
}

/// The library is closed: its key is deleted, and another may get the number.
pub(crate) fn forget_place() {
    LOCATION.store(0, Release);
}

#[allow(dead_code, reason = "for the fast path")]
#[inline(always)]
pub fn fast_path_finds() -> bool {
    LOCATION.load(Relaxed) != 0
}

pub(crate) fn place() -> usize {
    // SAFETY: has no preconditions.
    unsafe { libc::pthread_self() as usize }
}

/// `None` while the thread has no state.
#[inline(always)]
pub(crate) fn words() -> Option<&'static Words> {
    let words = match LOCATION.load(Relaxed) {
        0 => exit::value().cast(),
        distance => value_at(distance),
    };
    // SAFETY: null, or the state of the calling thread, which begins with words of its own.
    unsafe { words.as_ref() }
}

pub(crate) use words as near_words;

/// The word that lies so far from the thread pointer.
#[inline(always)]
fn value_at(distance: usize) -> *mut Words {
    let value;
    // SAFETY: the place of a key's value in the calling thread. Not `pure`: a coroutine may carry
    // the caller to another thread.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!(
            "mov {value}, qword ptr gs:[{distance}]",
            value = out(reg) value,
            distance = in(reg) distance,
            options(nostack, preserves_flags, readonly),
        );
        // The lowest three bits of the register are the kernel's.
        #[cfg(target_arch = "aarch64")]
        asm!(
            "mrs {value}, tpidrro_el0",
            "and {value}, {value}, #-8",
            "ldr {value}, [{value}, {distance}]",
            value = out(reg) value,
            distance = in(reg) distance,
            options(nostack, preserves_flags, readonly),
        );
    }
    value
}
