//! Changing to another stack and back: one file for each architecture and calling convention.
//!
//! A switch is a call and a return like any other. It saves the frame pointer and the return
//! address alone: the function that is called keeps the other registers that the ABI makes the
//! callee's to keep. (A coroutine library saves them because it leaves a function in the middle.)
//! Registers with a fixed meaning are not touched, so a shadow call stack (x18 on aarch64, gp on
//! riscv64) goes on.
//!
//! Every file has `stack_pointer()`, which tells SP or an address in the caller's frame; a picture
//! of both stacks while the function runs; the assembly of the naked function that
//! [`call_on_stack`] calls; and `SUPPORTED`, whether stacks can be switched at all.
//!
//! The frame of the naked function is found through the frame pointer, wherever SP is: the CFI
//! tells unwinders and debuggers so, and profilers follow the chain of frame pointers. The function
//! that is called brings the frame pointer back, as it is callee-saved, on whichever thread it
//! returns.

#![allow(unused_macros, reason = "not every architecture needs each")]
#![allow(named_asm_labels, reason = "`__morestack` is a name for gdb")]

use core::cell::Cell;

use crate::cfg_if::cfg_if;

/// What [`call_on_stack`] calls.
pub(crate) type Callee = unsafe extern "C-unwind" fn(*mut u8);

/// Defines a function that returns what one instruction copies to `{}`.
macro_rules! copy_of {
    ($name:ident, $copy:literal) => {
        #[inline(always)]
        pub(crate) fn $name() -> usize {
            let copy: usize;
            // SAFETY: reads a register, or a word that never changes, and leaves the flags alone.
            unsafe {
                core::arch::asm!($copy, out(reg) copy, options(nomem, nostack, preserves_flags));
            }
            copy
        }
    };
}

/// Defines the naked function `call_on_stack` by its assembly.
macro_rules! call_on_stack {
    ($($assembly:tt)*) => {
        pub(crate) const SUPPORTED: bool = true;

        /// # Safety
        /// As for [`crate::switch::call_on_stack`].
        #[unsafe(naked)]
        pub(crate) unsafe extern "C-unwind" fn call_on_stack(
            argument: *mut u8,
            function: crate::switch::Callee,
            top: *mut u8,
            record: &crate::switch::SwitchRecord,
        ) {
            core::arch::naked_asm!($($assembly)*)
        }
    };
}

/// Defines a macro that keeps lines of assembly where a condition holds, and drops them elsewhere.
/// `$` is passed because a macro cannot write its own.
macro_rules! define_lines {
    ($dollar:tt $name:ident if $condition:meta) => {
        #[cfg($condition)]
        macro_rules! $name { ($dollar lines:literal) => { $dollar lines }; }
        #[cfg(not($condition))]
        macro_rules! $name {
            ($dollar lines:literal) => {
                ""
            };
        }
    };
}

// Object files have the ELF format on every system here but Apple's.
define_lines! { $ elf if not(target_vendor = "apple") }

/// gdb takes a caller at a lower address than its callee for a corrupt stack, unless a function
/// with the name `__morestack` is between them. So the rest of the switch has that name: not all of
/// it, as of two symbols for one address gdb would take the other; with a size, so that gdb prefers
/// it; and local to the object file. With fat LTO the object file may hold a second version of this
/// runtime, which then goes without.
macro_rules! morestack {
    (begin) => {
        elf!(
            ".ifndef __morestack
            .type __morestack, %function
            __morestack:
            .set .Lguarded_callback_named, 1
            .else
            .set .Lguarded_callback_named, 0
            .endif"
        )
    };
    (end) => {
        elf!(
            ".if .Lguarded_callback_named
            .size __morestack, . - __morestack
            .endif"
        )
    };
}

// The only list of architectures and calling conventions.
//
// - Windows and Cygwin have other conventions under the same architectures.
// - The 32-bit ABIs of 64-bit architectures (x32, watchOS) have other pointers.
// - Apple's 32-bit ARM has another frame pointer and other unwind tables.
// - powerpc64 has version 2 of the ELF ABI where it is little-endian, and on some systems where it
//   is big-endian. On the others a function pointer is the address of a descriptor.
cfg_if! {
    if #[cfg(miri)] {
        mod none;
        use none as imp;
    } else if #[cfg(all(
        target_arch = "x86_64", target_pointer_width = "64", unix, not(target_os = "cygwin")
    ))] {
        mod x86_64;
        use x86_64 as imp;
    } else if #[cfg(all(target_arch = "x86", unix))] {
        mod x86;
        use x86 as imp;
    } else if #[cfg(all(target_arch = "aarch64", target_pointer_width = "64", unix))] {
        mod aarch64;
        use aarch64 as imp;
    } else if #[cfg(all(target_arch = "arm", unix, not(target_vendor = "apple")))] {
        mod arm;
        use arm as imp;
    } else if #[cfg(all(target_arch = "riscv64", unix))] {
        mod riscv64;
        use riscv64 as imp;
    } else if #[cfg(all(target_arch = "s390x", unix))] {
        mod s390x;
        use s390x as imp;
    } else if #[cfg(all(target_arch = "loongarch64", unix))] {
        mod loongarch64;
        use loongarch64 as imp;
    } else if #[cfg(all(target_arch = "powerpc64", unix, any(
        target_endian = "little", target_env = "musl", target_os = "freebsd", target_os = "openbsd"
    )))] {
        mod powerpc64;
        use powerpc64 as imp;
    } else if #[cfg(all(
        windows, any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")
    ))] {
        use windows as imp;
    } else {
        mod none;
        use none as imp;
    }
}

// The only list of systems that must be told which stack is in use.
cfg_if! {
    if #[cfg(all(
        windows,
        any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))] {
        pub(crate) mod windows;
        use windows as os;
    } else {
        mod no_os_stack;
        use no_os_stack as os;
    }
}

pub(crate) use imp::{SUPPORTED, stack_pointer};
#[cfg(all(windows, not(target_arch = "x86"), not(miri)))]
pub(crate) use os::teb_offset;
pub(crate) use os::{OsRecord, OsStack, UNWINDS_ONLY_UP, call_returning};

/// Where a stack was left for another one.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SwitchRecord {
    /// SP of the stack that was left. The switch writes here.
    sp: Cell<usize>,
    /// What the system is told of the two stacks.
    pub(crate) os: OsRecord,
}

impl SwitchRecord {
    /// For calls on the stack that `target` describes to the system.
    ///
    /// # Safety
    /// `target` is null, and nothing is called with this record, or it outlives the record.
    pub(crate) const unsafe fn to(target: *const Cell<OsStack>) -> Self {
        Self { sp: Cell::new(0), os: OsRecord::to(target) }
    }

    /// SP of the stack that was left. Nothing that is still needed lies below, so that another call
    /// may begin there.
    #[inline(always)]
    pub(crate) fn sp(&self) -> usize {
        self.sp.get()
    }

    #[inline(always)]
    pub(crate) fn set_sp(&self, sp: usize) {
        self.sp.set(sp);
    }
}

/// Calls `function(argument)` with a first frame that ends at `top`, and returns when that returns.
/// Before, writes to `record` where SP was. Panics and exceptions unwind across.
///
/// Without [`SUPPORTED`] the function runs where SP is.
///
/// # Safety
/// - `function` can be called with `argument`.
/// - `top` is aligned to 16, and is the high end of memory that is large enough for `function`.
///   Nobody else uses it until the call has returned, or was abandoned by an unwinder or by
///   longjmp.
/// - `record` was made for that memory.
#[inline(always)]
pub(crate) unsafe fn call_on_stack(
    argument: *mut u8,
    function: Callee,
    top: *mut u8,
    record: &SwitchRecord,
) {
    // Nothing unwinds then but a forced unwinding (pthread_exit), which would end the process in a
    // caller that has a table for unwinders.
    #[cfg(all(unix, panic = "abort"))]
    // SAFETY: the types differ only in what may unwind out of the function; the rest is the
    // caller's promise.
    unsafe {
        type Calls = unsafe extern "C-unwind" fn(*mut u8, Callee, *mut u8, &SwitchRecord);
        type Ends = unsafe extern "C" fn(*mut u8, Callee, *mut u8, &SwitchRecord);
        core::mem::transmute::<Calls, Ends>(imp::call_on_stack)(argument, function, top, record);
    }
    #[cfg(not(all(unix, panic = "abort")))]
    // SAFETY: the caller's promise.
    unsafe {
        imp::call_on_stack(argument, function, top, record);
    }
}
