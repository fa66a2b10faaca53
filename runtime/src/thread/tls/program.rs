//! FreeBSD on x86_64: how far the words lie from the thread pointer. In a program the linker knows
//! that. A library leaves it to the loader, differently for each thread, and goes without the fast
//! path.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

use crate::process::executable;

/// Where the fast path finds the words, as in descriptor.rs; what else it could find is never
/// there.
pub static LOCATION: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

crate::thread::tls::define_near_location! { [AtomicUsize; 3] }

/// Whether [`find_place`] has looked: it takes the loader's lock, so it does once.
static HAS_LOOKED: AtomicBool = AtomicBool::new(false);

/// Finds out where the words lie. Called while the loader loads this program or library; or else on
/// the slow path, when callbacks come from constructors before ours.
pub(crate) fn find_place(_key: Option<usize>) {
    if HAS_LOOKED.swap(true, AcqRel) {
        return;
    }
    if executable::contains((&raw const LOCATION).addr()) {
        let thread_pointer: usize;
        // SAFETY: the ABI keeps the thread pointer at fs:0 as well.
        unsafe { asm!("mov {}, qword ptr fs:[0]", out(reg) thread_pointer, options(nostack)) };
        let distance = super::place().wrapping_sub(thread_pointer);
        near_location()[0].store(distance, Release);
        LOCATION[0].store(distance, Release);
    }
}

#[allow(dead_code, reason = "for the fast path")]
#[inline(always)]
pub fn fast_path_finds() -> bool {
    LOCATION[0].load(Relaxed) != 0
}
