//! s390x, the ELF ABI.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | its 160 bytes for the    |            | 160 bytes in which the  |
//!  | callee's registers: here |            | body saves registers    |
//!  | %r11 to %r15 from + 88   |            | 0: back chain to %r11   | <- %r15 at the call
//!  | 0: back chain            | <- %r11    | frames of the body      |
//!  |  (%r15 moves over there) |            |          v              |
//! ```
//!
//! The frame address is %r11 + 160 for as long as SP is elsewhere, which the CFI says; %r11 is callee-saved, so the body
//! brings it back. Those who walk by the back chain follow it to the same place.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor the condition code.
    unsafe { asm!("lgr {}, %r15", out(reg) sp, options(nomem, nostack, preserves_flags)) };
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
    // On entry: %r2 = argument, %r3 = function, %r4 = top, %r5 = left_at, %r14 = return address into the shim.
    naked_asm!(
        ".cfi_startproc",
        // The caller has left room for these in its own frame, each at 8 times its number.
        "stmg %r11, %r15, 88(%r15)",
        ".cfi_offset %r11, -72",
        ".cfi_offset %r12, -64",
        ".cfi_offset %r13, -56",
        ".cfi_offset %r14, -48",
        ".cfi_offset %r15, -40",
        "lgr %r11, %r15",
        // From here on the frame is found through %r11, wherever %r15 is.
        ".cfi_def_cfa_register %r11",
        // The free end of the host, for `on_host_stack`.
        "stg %r15, 0(%r5)",
        // The body, too, saves its registers above its SP, in a frame that the caller provides.
        "lgr %r15, %r4",
        "aghi %r15, -160",
        "stg %r11, 0(%r15)",
        // The name that gdb wants: x86_64.rs has the reason.
        ".ifndef __morestack",
        ".type __morestack, @function",
        "__morestack:",
        ".set .Lguarded_callback_named, 1",
        ".else",
        ".set .Lguarded_callback_named, 0",
        ".endif",
        "basr %r14, %r3",
        // %r11 is callee-saved. With the others %r15 comes back, so SP returns to the host, whichever thread this is.
        "lmg %r11, %r15, 88(%r11)",
        ".cfi_def_cfa %r15, 160",
        ".cfi_restore %r11",
        ".cfi_restore %r12",
        ".cfi_restore %r13",
        ".cfi_restore %r14",
        ".cfi_restore %r15",
        "br %r14",
        ".if .Lguarded_callback_named",
        ".size __morestack, . - __morestack",
        ".endif",
        ".cfi_endproc",
    )
}
