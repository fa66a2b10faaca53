//! A thread of glibc, from the descriptor that pthread_self points to.
//!
//! The descriptor (struct pthread in nptl/descr.h) lies at the top of the block that the stack is
//! part of. Side by side in it are the block's address, its size and that of the guard area at its
//! low end (stackblock, stackblock_size, guardsize). Where, depends on version and architecture, so
//! they are found by what they say: [`rules::find_block`]. Measured: exactly one such place, equal
//! to what pthread_getattr_np says, on every kind of thread with glibc 2.31 to 2.43 and on seven
//! architectures; none on the main thread, whose descriptor lies elsewhere.

use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::rules;
use crate::bounds::StackBounds;
use crate::errno;

const WORD: usize = size_of::<usize>();

/// How much of the descriptor is looked at: less than it has, and more than comes before the
/// guard's size: 213 words of 288 on x86_64, elsewhere 150 to 180 of at least 220.
const SCANNED_BYTES: usize = WORD * if cfg!(target_arch = "x86_64") { 256 } else { 208 };

/// The smallest page of any system.
const PAGE_BYTES: usize = 4096;

/// Where the block was found in the descriptors of this process; zero before. It is checked at each
/// use.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Bounds of the calling thread's stack; `None` on the main thread. No lock, no allocation, and but
/// for a descriptor that crosses a page no system call.
pub(super) fn thread_stack() -> Option<StackBounds> {
    // SAFETY: no preconditions.
    let descriptor = unsafe { libc::pthread_self() } as usize;
    let offset = OFFSET.load(Relaxed);
    if offset != 0 {
        // SAFETY: the descriptor is of the type that the offset was found in.
        let words = [0, 1, 2].map(|i| unsafe { word(descriptor + offset + i * WORD) });
        if let Some(bounds) = rules::block_bounds(words, descriptor, true) {
            return Some(bounds);
        }
    }
    let words = (descriptor..descriptor + SCANNED_BYTES).step_by(WORD).take_while(|address| {
        !address.is_multiple_of(PAGE_BYTES) || *address == descriptor || is_readable(*address)
    });
    // SAFETY: `words` are in the page that the descriptor begins in, or in one that can be read.
    let words = words.map(|address| unsafe { word(address) });
    let (index, bounds) = rules::find_block(words, descriptor)?;
    OFFSET.store(index * WORD, Relaxed);
    Some(bounds)
}

/// # Safety
/// There is an aligned word at `address`, as long as the thread lives.
unsafe fn word(address: usize) -> usize {
    // SAFETY: the caller's promise. Volatile, because it is the C library that writes it.
    unsafe { ptr::with_exposed_provenance::<usize>(address).read_volatile() }
}

/// Whether the kernel can read the word there. A C library with a smaller descriptor than glibc's
/// (gcompat) may have nothing above.
fn is_readable(address: usize) -> bool {
    const NO_ACTION: libc::c_long = -1;
    let nothing = ptr::null_mut::<usize>();
    // SAFETY: it always fails. The kernel copies the set, 8 bytes, before it looks at the action:
    // EFAULT, otherwise EINVAL.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, NO_ACTION, address, nothing, 8_usize) };
    errno::get() != libc::EFAULT
}
