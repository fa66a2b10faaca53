//! aarch64, the procedure call standard of Arm (Linux, Android, the BSDs, Apple's systems).
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | x30, the return address  |            | frames of the body      |
//!  | saved x29                | <- x29     |          v              |
//!  |   (sp moves over there)  |
//! ```
//!
//! The frame address is x29 + 16 for as long as SP is elsewhere, which the CFI says; x29 is callee-saved, so the body
//! brings it back. Frame-pointer walkers follow the same x29. x18 belongs to the platform and is not touched.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, sp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// Calls `function(argument)` on the stack that ends at `top`, after writing to `left_at` where SP was.
///
/// # Safety
/// `top` is 16-byte aligned and the high end of memory that nobody uses until the call has returned or was
/// abandoned, large enough for `function`. `left_at` can be written.
#[unsafe(naked)]
pub(crate) unsafe extern "C-unwind" fn call_on_stack(
    argument: *mut u8,
    function: unsafe extern "C-unwind" fn(*mut u8),
    top: *mut u8,
    left_at: *mut usize,
) {
    // On entry: x0 = argument, x1 = function, x2 = top, x3 = left_at, x30 = return address into the shim.
    naked_asm!(
        ".cfi_startproc",
        // bti c, a landing pad for processes that enforce them: the linker may reach this through a pointer. Hints are
        // no-ops on processors that do not know them.
        "hint #34",
        // paciasp: the return address is signed while it lies in memory, with SP at entry, to which SP returns below. Not on
        // Apple's systems, where only arm64e has keys, with rules of its own.
        elf!("hint #25"),
        elf!(".cfi_negate_ra_state"),
        "stp x29, x30, [sp, #-16]!",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "mov x29, sp",
        // From here on the frame is found through x29, wherever sp is.
        ".cfi_def_cfa x29, 16",
        // x29 is SP: the free end of the host, for `on_host_stack`.
        "str x29, [x3]",
        "mov sp, x2",
        // The name that gdb wants: x86_64.rs has the reason.
        elf!(".ifndef __morestack"),
        elf!(".type __morestack, @function"),
        elf!("__morestack:"),
        elf!(".set .Lguarded_callback_named, 1"),
        elf!(".else"),
        elf!(".set .Lguarded_callback_named, 0"),
        elf!(".endif"),
        // top is 16-byte aligned, as the processor wants sp. blr and ret stay paired for the guarded control stack.
        "blr x1",
        // x29 is callee-saved: sp returns to the host, whichever thread this is.
        "mov sp, x29",
        ".cfi_def_cfa sp, 16",
        "ldp x29, x30, [sp], #16",
        ".cfi_def_cfa_offset 0",
        ".cfi_restore x29",
        ".cfi_restore x30",
        // autiasp: a return address that was changed in memory faults here or at the return.
        elf!("hint #29"),
        elf!(".cfi_negate_ra_state"),
        "ret",
        elf!(".if .Lguarded_callback_named"),
        elf!(".size __morestack, . - __morestack"),
        elf!(".endif"),
        ".cfi_endproc",
    )
}
