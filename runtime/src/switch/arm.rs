//! 32-bit ARM, the EABI: hard and soft float, ARM and Thumb code.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | lr, the return address   |            | frames of the body      |
//!  | saved r11                | <- r11     |          v              |
//!  | lr, the return address   |
//!  | saved r7                 | <- r7
//!  |   (sp moves over there)  |
//! ```
//!
//! The frame pointer is r11 in ARM code and r7 in Thumb code, and stable Rust does not tell which of the two it compiles; so there is a pair for
//! each. The frame address is r7 + 16 for as long as SP is elsewhere, which the unwind tables say (those of the EHABI, which unwinders
//! read, and those of DWARF, which debuggers read; NetBSD has the latter for both). r7 and r11 are callee-saved, so the body brings them back.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

/// A line of the unwind tables of the EHABI, which every system here has but NetBSD.
#[cfg(not(target_os = "netbsd"))]
macro_rules! ehabi {
    ($line:literal) => {
        $line
    };
}
#[cfg(target_os = "netbsd")]
macro_rules! ehabi {
    ($line:literal) => {
        ""
    };
}

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
    // On entry: r0 = argument, r1 = function, r2 = top, r3 = left_at, lr = return address into the shim.
    naked_asm!(
        ehabi!(".fnstart"),
        ehabi!(".cfi_sections .debug_frame"),
        ".cfi_startproc",
        "push {{r11, lr}}",
        ehabi!(".save {{r11, lr}}"),
        ".cfi_def_cfa_offset 8",
        ".cfi_offset r11, -8",
        ".cfi_offset lr, -4",
        "mov r11, sp",
        "push {{r7, lr}}",
        ehabi!(".save {{r7, lr}}"),
        ".cfi_def_cfa_offset 16",
        ".cfi_offset r7, -16",
        "mov r7, sp",
        // From here on the frame is found through r7, wherever sp is.
        ehabi!(".setfp r7, sp"),
        ".cfi_def_cfa r7, 16",
        // r7 is SP: the free end of the host, for `on_host_stack`.
        "str r7, [r3]",
        "mov sp, r2",
        // The name that gdb wants: x86_64.rs has the reason.
        ".ifndef __morestack",
        ".type __morestack, %function",
        "__morestack:",
        ".set .Lguarded_callback_named, 1",
        ".else",
        ".set .Lguarded_callback_named, 0",
        ".endif",
        // blx came with ARMv5T. bl sets lr everywhere, and bx jumps to ARM and to Thumb code.
        "bl 2f",
        // r7 is callee-saved: sp returns to the host, whichever thread this is.
        "mov sp, r7",
        ".cfi_def_cfa sp, 16",
        "pop {{r7, lr}}",
        ".cfi_def_cfa_offset 8",
        ".cfi_restore r7",
        "pop {{r11, lr}}",
        ".cfi_def_cfa_offset 0",
        ".cfi_restore r11",
        ".cfi_restore lr",
        "bx lr",
        "2:",
        "bx r1",
        ".if .Lguarded_callback_named",
        ".size __morestack, . - __morestack",
        ".endif",
        ".cfi_endproc",
        ehabi!(".fnend"),
    )
}
