//! Requests to Valgrind: a sequence of instructions that does nothing on a processor, and that
//! Valgrind takes for a call.
//!
//! Without them Valgrind has to guess from the size of a jump of SP whether the stack was changed,
//! says so, and takes memory of live frames for dead or the other way round.

#![cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    allow(dead_code, reason = "only the rooms for Linux ask for all of it")
)]

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::cfg_if::cfg_if;

// The numbers of the requests, which are Valgrind's interface.
const RUNNING_ON_VALGRIND: usize = 0x1001;
const STACK_REGISTER: usize = 0x1501;
const STACK_DEREGISTER: usize = 0x1502;
const CHANGE_ERROR_DISABLEMENT: usize = 0x1801;
// Those of the tool memcheck are counted from its letters, "MC".
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether a request was ever answered.
static IS_THERE: AtomicBool = AtomicBool::new(false);

/// Whether this process runs under Valgrind.
pub(crate) fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0], 0) != 0
}

/// The number that Valgrind gives a stack, plus one; zero where there is no Valgrind.
pub(crate) struct Id(Cell<usize>);

impl Id {
    pub(crate) const fn none() -> Self {
        Self(Cell::new(0))
    }

    pub(crate) fn register(&self, low: usize, high: usize) {
        self.0.set(request([STACK_REGISTER, low, high, 0, 0, 0], usize::MAX).wrapping_add(1));
        if self.0.get() != 0 {
            IS_THERE.store(true, Relaxed);
        }
    }

    pub(crate) fn deregister(&self) {
        if self.0.get() != 0 {
            request([STACK_DEREGISTER, self.0.get() - 1, 0, 0, 0, 0], 0);
        }
    }
}

/// Memory is about to be written that no frame has made room for: a large result, or paint.
#[inline(always)]
pub(crate) fn makes_room(low: usize, bytes: usize) {
    if IS_THERE.load(Relaxed) {
        request([MAKE_MEM_UNDEFINED, low, bytes, 0, 0, 0], 0);
    }
}

/// Memory is about to be read as it is, although the frames that wrote it are gone.
pub(crate) fn takes_as_it_is(low: usize, bytes: usize) {
    if IS_THERE.load(Relaxed) {
        request([MAKE_MEM_DEFINED, low, bytes, 0, 0, 0], 0);
    }
}

/// What `read` does with memory that may be anybody's, or nobody's, is no error of the thread.
pub(crate) fn without_errors<R>(read: impl FnOnce() -> R) -> R {
    request([CHANGE_ERROR_DISABLEMENT, 1, 0, 0, 0, 0], 0);
    let result = read();
    request([CHANGE_ERROR_DISABLEMENT, 1_usize.wrapping_neg(), 0, 0, 0, 0], 0);
    result
}

/// Makes a request with instructions that leave all registers as they are on a processor;
/// `otherwise` is its answer there.
#[allow(unused_macros, reason = "where Valgrind does not run")]
macro_rules! request {
    ($arguments:tt, $answer:tt, $($instruction:literal),+) => {
        fn request(arguments: [usize; 6], otherwise: usize) -> usize {
            let mut answer = otherwise;
            // SAFETY: the instructions rotate a register around once or twice, and copy another to
            // itself. Valgrind reads the arguments, which live in this frame, and writes the
            // answer.
            unsafe {
                core::arch::asm!(
                    $($instruction,)+
                    in($arguments) arguments.as_ptr(),
                    inout($answer) answer,
                    options(nostack),
                );
            }
            answer
        }
    };
}

cfg_if! {
    if #[cfg(all(target_arch = "x86_64", unix, not(miri)))] {
        // 3 + 13 + 61 + 51 = 128 bits.
        request! {
            "rax", "rdx",
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx"
        }
    } else if #[cfg(all(target_arch = "x86", unix, not(miri)))] {
        request! {
            "eax", "edx",
            "rol edi, 3", "rol edi, 13", "rol edi, 29", "rol edi, 19", "xchg ebx, ebx"
        }
    } else if #[cfg(all(target_arch = "aarch64", target_os = "linux", not(miri)))] {
        request! {
            "x4", "x3",
            "ror x12, x12, #3", "ror x12, x12, #13", "ror x12, x12, #51", "ror x12, x12, #61",
            "orr x10, x10, x10"
        }
    } else {
        // Valgrind does not run there, or its sequence is not written down here.
        fn request(_arguments: [usize; 6], otherwise: usize) -> usize {
            otherwise
        }
    }
}
