//! FreeBSD on x86_64: how far the words lie from the thread pointer. In a program the linker knows
//! that. A library leaves it to the loader, differently for each thread, and goes without the fast
//! path.

use core::arch::asm;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

/// Where the fast path finds the words, as in descriptor.rs; what else it could find is never
/// there.
pub static LOCATION: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

/// Whether [`find_place`] has looked: it takes the loader's lock, so it does once.
static HAS_LOOKED: AtomicBool = AtomicBool::new(false);

/// Finds out where the words lie. Called while the loader loads this program or library; or else on
/// the slow path, when callbacks come from constructors before ours.
pub(crate) fn find_place(_key: Option<usize>) {
    if HAS_LOOKED.swap(true, AcqRel) {
        return;
    }
    // SAFETY: of the type that is called, which keeps no reference.
    if unsafe { libc::dl_iterate_phdr(Some(has_location), ptr::null_mut()) } == FOUND {
        let thread_pointer: usize;
        // SAFETY: the ABI keeps the thread pointer at fs:0 as well.
        unsafe { asm!("mov {}, qword ptr fs:[0]", out(reg) thread_pointer, options(nostack)) };
        LOCATION[0].store(super::place().wrapping_sub(thread_pointer), Release);
    }
}

/// Whether the fast path finds the words of threads that have a state.
#[allow(dead_code, reason = "for the fast path")]
#[inline(always)]
pub fn fast_path_finds() -> bool {
    LOCATION[0].load(Relaxed) != 0
}

const FOUND: c_int = 1;
const NOT_FOUND: c_int = 2;

/// Whether this code is a part of the object, the first of which is the program. None is asked for
/// after that.
unsafe extern "C" fn has_location(
    object: *mut libc::dl_phdr_info,
    _bytes: usize,
    _data: *mut libc::c_void,
) -> c_int {
    let here = (&raw const LOCATION).addr();
    // SAFETY: the loader's description of an object and of its segments.
    let (base, segments) = unsafe {
        let object = &*object;
        let count = usize::from(object.dlpi_phnum);
        (object.dlpi_addr as usize, core::slice::from_raw_parts(object.dlpi_phdr, count))
    };
    let is_in = |segment: &libc::Elf64_Phdr| {
        let start = base.wrapping_add(segment.p_vaddr as usize);
        segment.p_type == libc::PT_LOAD && here.wrapping_sub(start) < segment.p_memsz as usize
    };
    if segments.iter().any(is_in) { FOUND } else { NOT_FOUND }
}
