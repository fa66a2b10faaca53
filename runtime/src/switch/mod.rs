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
//! `left_at` is the first word of a [`SwitchRecord`]. On Windows the switch also changes what the system knows of the stack in use ([`OsStack`]).
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

// The only list of architectures. What is not Unix has other calling conventions under the same
// architecture, and so has Cygwin; 32-bit ABIs of 64-bit architectures (x32, watchOS) pass other
// pointers. Apple's 32-bit ARM has another frame pointer and other unwind tables. Version 2 of the ELF
// ABI of powerpc64: all of little-endian, and some of big-endian. Elsewhere a function pointer is the
// address of a descriptor.
cfg_select! {
    miri => {
        mod none;
        use none as imp;
    }
    all(target_arch = "x86_64", target_pointer_width = "64", unix, not(target_os = "cygwin")) => {
        mod x86_64;
        use x86_64 as imp;
    }
    all(target_arch = "x86", unix) => {
        mod x86;
        use x86 as imp;
    }
    all(target_arch = "aarch64", target_pointer_width = "64", unix) => {
        mod aarch64;
        use aarch64 as imp;
    }
    all(target_arch = "arm", unix, not(target_vendor = "apple")) => {
        mod arm;
        use arm as imp;
    }
    all(target_arch = "riscv64", unix) => {
        mod riscv64;
        use riscv64 as imp;
    }
    all(target_arch = "s390x", unix) => {
        mod s390x;
        use s390x as imp;
    }
    all(target_arch = "loongarch64", unix) => {
        mod loongarch64;
        use loongarch64 as imp;
    }
    all(
        target_arch = "powerpc64",
        unix,
        any(target_endian = "little", target_env = "musl", target_os = "freebsd", target_os = "openbsd")
    ) => {
        mod powerpc64;
        use powerpc64 as imp;
    }
    all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")) => {
        mod windows;
        use windows as imp;
    }
    _ => {
        mod none;
        use none as imp;
    }
}

pub(crate) use imp::{SUPPORTED, call_on_stack, stack_pointer};

// What the system is told of the stack in use: on Windows only.
cfg_select! {
    all(windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri)) => {
        pub(crate) use windows::{CLEANS_UP_ON_TOP, OsStack, SwitchRecord, UNWINDS_ONLY_UP};
    }
    _ => {
        mod no_os_stack;
        pub(crate) use no_os_stack::{CLEANS_UP_ON_TOP, OsStack, SwitchRecord, UNWINDS_ONLY_UP};
    }
}

#[cfg(any(windows, test))]
pub(crate) mod fields;
