//! Requests to Valgrind: a sequence of instructions that does nothing on a processor, and that Valgrind takes for a call.
//!
//! Without them Valgrind has to guess from the size of a jump of SP whether the stack was changed, says so, and takes memory of live
//! frames for dead or the other way round.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether this process runs under Valgrind.
pub(crate) fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0], 0) != 0
}

/// The numbers of the requests, which are Valgrind's interface.
const RUNNING_ON_VALGRIND: usize = 0x1001;
const STACK_REGISTER: usize = 0x1501;
const STACK_DEREGISTER: usize = 0x1502;
/// Those of the tool memcheck are counted from its letters, "MC".
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
#[cfg_attr(feature = "asan", allow(dead_code, reason = "read_anything of AddressSanitizer does not ask"))]
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether a request was ever answered.
static IS_THERE: AtomicBool = AtomicBool::new(false);

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

/// Memory that no frame has made room for is about to be written: that of a large result, or that of a pattern below SP.
#[inline(always)]
pub(crate) fn makes_room(low: usize, bytes: usize) {
    if IS_THERE.load(Relaxed) {
        request([MAKE_MEM_UNDEFINED, low, bytes, 0, 0, 0], 0);
    }
}

/// Memory is about to be read as it is, also where nobody has written it, or where the frames that did are gone.
#[cfg_attr(feature = "asan", allow(dead_code, reason = "read_anything of AddressSanitizer does not ask"))]
pub(crate) fn takes_as_it_is(low: usize, bytes: usize) {
    if IS_THERE.load(Relaxed) {
        request([MAKE_MEM_DEFINED, low, bytes, 0, 0, 0], 0);
    }
}

/// Makes a request; `otherwise` is the answer of a processor.
#[cfg(all(target_arch = "x86_64", unix, not(miri)))]
fn request(arguments: [usize; 6], otherwise: usize) -> usize {
    let mut answer = otherwise;
    // SAFETY: on a processor rdi is rotated once around and rbx exchanged with itself; Valgrind reads the arguments and writes rdx.
    unsafe {
        core::arch::asm!(
            // 3 + 13 + 61 + 51 = 128 bits: rdi is as it was.
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            // The call: rax = arguments, rdx = answer.
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(all(target_arch = "x86", unix, not(miri)))]
fn request(arguments: [usize; 6], otherwise: usize) -> usize {
    let mut answer = otherwise;
    // SAFETY: as on x86_64, with 32 bits: edi is rotated by 64 bits in all.
    unsafe {
        core::arch::asm!(
            "rol edi, 3",
            "rol edi, 13",
            "rol edi, 29",
            "rol edi, 19",
            "xchg ebx, ebx",
            in("eax") arguments.as_ptr(),
            inout("edx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(all(target_arch = "aarch64", target_os = "linux", not(miri)))]
fn request(arguments: [usize; 6], otherwise: usize) -> usize {
    let mut answer = otherwise;
    // SAFETY: on a processor x12 is rotated by 128 bits in all and x10 becomes itself; Valgrind reads the arguments and writes x3.
    unsafe {
        core::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            // The call: x4 = arguments, x3 = answer.
            "orr x10, x10, x10",
            inout("x3") answer,
            in("x4") arguments.as_ptr(),
            options(nostack),
        );
    }
    answer
}

/// Where Valgrind does not run, or its sequence is not written down here.
#[cfg(not(all(
    any(
        all(any(target_arch = "x86_64", target_arch = "x86"), unix),
        all(target_arch = "aarch64", target_os = "linux")
    ),
    not(miri)
)))]
fn request(_arguments: [usize; 6], otherwise: usize) -> usize {
    otherwise
}
