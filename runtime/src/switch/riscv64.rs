//! riscv64, the ELF psABI.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        | <- s0      | header of the stack     | <- top
//!  | ra, the return address   |            | frames of the body      |
//!  | saved s0                 |            |          v              |
//!  |   (sp moves over there)  |
//! ```
//!
//! The frame address is s0, the frame pointer, for as long as SP is elsewhere, which the CFI says; s0 is callee-saved, so the body
//! brings it back. Frame-pointer walkers find the caller's pair below the same s0. gp is not touched.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches no memory.
    unsafe { asm!("mv {}, sp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
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
    // On entry: a0 = argument, a1 = function, a2 = top, a3 = left_at, ra = return address into the shim. Every instruction
    // exists with and without the compressed set; the assembler chooses what the target has.
    naked_asm!(
        ".cfi_startproc",
        "addi sp, sp, -16",
        ".cfi_def_cfa_offset 16",
        "sd ra, 8(sp)",
        "sd s0, 0(sp)",
        ".cfi_offset ra, -8",
        ".cfi_offset s0, -16",
        "addi s0, sp, 16",
        // From here on the frame is found through s0, wherever sp is.
        ".cfi_def_cfa s0, 0",
        // The free end of the host, for `on_host_stack`.
        "sd sp, 0(a3)",
        "mv sp, a2",
        // The name that gdb wants: x86_64.rs has the reason.
        ".ifndef __morestack",
        ".type __morestack, @function",
        "__morestack:",
        ".set .Lguarded_callback_named, 1",
        ".else",
        ".set .Lguarded_callback_named, 0",
        ".endif",
        // top is 16-byte aligned, as the ABI wants sp. Through ra, which return-address predictors and shadow stacks pair with the ret.
        "jalr a1",
        // s0 is callee-saved: sp returns to the host, whichever thread this is.
        "addi sp, s0, -16",
        ".cfi_def_cfa sp, 16",
        "ld ra, 8(sp)",
        "ld s0, 0(sp)",
        ".cfi_restore ra",
        ".cfi_restore s0",
        "addi sp, sp, 16",
        ".cfi_def_cfa_offset 0",
        "ret",
        ".if .Lguarded_callback_named",
        ".size __morestack, . - __morestack",
        ".endif",
        ".cfi_endproc",
    )
}
