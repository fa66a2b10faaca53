//! loongarch64, the ELF psABI.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        | <- fp      | header of the stack     | <- top
//!  | ra, the return address   |            | frames of the body      |
//!  | saved fp                 |            |          v              |
//!  |   (sp moves over there)  |
//! ```
//!
//! The frame address is fp for as long as SP is elsewhere, which the CFI says; fp is callee-saved, so the body brings it back.
//! Frame-pointer walkers find the caller's pair below the same fp.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches no memory.
    unsafe { asm!("move {}, $sp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
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
    // On entry: $a0 = argument, $a1 = function, $a2 = top, $a3 = left_at, $ra = return address into the shim. In the CFI register
    // 1 is $ra, 3 is $sp and 22 is $fp.
    naked_asm!(
        ".cfi_startproc",
        "addi.d $sp, $sp, -16",
        ".cfi_def_cfa_offset 16",
        "st.d $ra, $sp, 8",
        "st.d $fp, $sp, 0",
        ".cfi_offset 1, -8",
        ".cfi_offset 22, -16",
        "addi.d $fp, $sp, 16",
        // From here on the frame is found through $fp, wherever $sp is.
        ".cfi_def_cfa 22, 0",
        // The free end of the host, for `on_host_stack`.
        "st.d $sp, $a3, 0",
        "move $sp, $a2",
        // The name that gdb wants: x86_64.rs has the reason.
        ".ifndef __morestack",
        ".type __morestack, @function",
        "__morestack:",
        ".set .Lguarded_callback_named, 1",
        ".else",
        ".set .Lguarded_callback_named, 0",
        ".endif",
        // top is 16-byte aligned, as the ABI wants $sp.
        "jirl $ra, $a1, 0",
        // $fp is callee-saved: $sp returns to the host, whichever thread this is.
        "addi.d $sp, $fp, -16",
        ".cfi_def_cfa 3, 16",
        "ld.d $ra, $sp, 8",
        "ld.d $fp, $sp, 0",
        ".cfi_restore 1",
        ".cfi_restore 22",
        "addi.d $sp, $sp, 16",
        ".cfi_def_cfa_offset 0",
        "ret",
        ".if .Lguarded_callback_named",
        ".size __morestack, . - __morestack",
        ".endif",
        ".cfi_endproc",
    )
}
