//! Leaving a stack for another one and coming back: one file for each architecture and calling convention.
//!
//! The contract of every file:
//!
//! - `call_on_stack(argument, function, top, left_at)` writes SP to `left_at`, calls `function(argument)` with a first frame that ends at
//!   `top` (aligned to 16) and returns when it returns. Unwinders, debuggers and frame-pointer walkers cross it in both directions
//!   of addresses. Between `left_at` and the frames of its caller lies nothing that is still needed, so another call may begin there.
//! - `stack_pointer()` tells SP, or an address in the caller's frame.
//! - `SUPPORTED` says whether switching is possible at all.
//!
//! `left_at` is the first word of a [`LeftAt`]. On Windows the switch also changes what the system is [`Told`] of the stack in use.
//!
//! A switch saves the frame pointer and the return address, and nothing else. It is a call and a return like any other: what the
//! ABI makes the callee's to keep, general, floating-point and vector registers alike, `function` keeps, and everything else its caller expects
//! to lose. A coroutine library has to save all of it because it leaves a function in the middle; nothing is left in the middle here.
//! Registers with a fixed meaning are not touched, so a shadow call stack (x18 on aarch64, gp on riscv64) goes on as it was.

/// A line of assembly for object files of the ELF format, which is that of every system here but Apple's.
#[cfg(not(target_vendor = "apple"))]
#[allow(unused_macros, reason = "not every architecture has such lines")]
macro_rules! elf {
    ($line:literal) => {
        $line
    };
}
#[cfg(target_vendor = "apple")]
#[allow(unused_macros, reason = "not every architecture has such lines")]
macro_rules! elf {
    ($line:literal) => {
        ""
    };
}

// The only list of architectures: the file of the line that applies; where none does, the one of the module's own name. What is
// not Unix has other calling conventions under the same architecture, and so has Cygwin; 32-bit ABIs of 64-bit
// architectures (x32, watchOS) pass other pointers.
#[cfg_attr(
    all(target_arch = "x86_64", target_pointer_width = "64", unix, not(target_os = "cygwin"), not(miri)),
    path = "x86_64.rs"
)]
#[cfg_attr(all(target_arch = "x86", unix, not(miri)), path = "x86.rs")]
#[cfg_attr(all(target_arch = "aarch64", target_pointer_width = "64", unix, not(miri)), path = "aarch64.rs")]
// Apple's 32-bit ARM has another frame pointer and other unwind tables.
#[cfg_attr(all(target_arch = "arm", unix, not(target_vendor = "apple"), not(miri)), path = "arm.rs")]
#[cfg_attr(all(target_arch = "riscv64", unix, not(miri)), path = "riscv64.rs")]
#[cfg_attr(all(target_arch = "s390x", unix, not(miri)), path = "s390x.rs")]
#[cfg_attr(all(target_arch = "loongarch64", unix, not(miri)), path = "loongarch64.rs")]
// Version 2 of the ELF ABI: all of little-endian, and these of big-endian. Elsewhere a function pointer is the address of a
// descriptor (ELF version 1, AIX).
#[cfg_attr(
    all(
        target_arch = "powerpc64",
        any(target_endian = "little", target_env = "musl", target_os = "freebsd", target_os = "openbsd"),
        unix,
        not(miri)
    ),
    path = "powerpc64.rs"
)]
#[cfg_attr(
    all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri)),
    path = "windows.rs"
)]
mod unsupported;

pub(crate) use unsupported::{SUPPORTED, call_on_stack, stack_pointer};
// Where front/mod.rs has a file.
#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(miri)
))]
#[allow(unused_imports, reason = "for the front, where there is one")]
pub use unsupported::{AFTER_CALL, call_body};

#[cfg(not(all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
mod untold;
#[cfg(all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
use unsupported as untold;

pub(crate) use untold::{CLEANS_UP_ON_TOP, LeftAt, Told, UNWINDS_ONLY_UP};

#[cfg(any(windows, test))]
pub(crate) mod fields;
