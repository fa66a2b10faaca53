//! powerpc64, version 2 of the ELF ABI (little-endian everywhere, big-endian on musl and the BSDs).
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim, with  |            | header of the stack     | <- top
//!  | LR at + 16: our return   |            | 24: TOC pointer         |
//!  | 40: saved r31            |            | 16: LR of the body      |
//!  | 0: back chain            | <- r31     | 0: back chain to r31    | <- r1 at the call
//!  |   (r1 moves over there)  |            | frames of the body      |
//!                                          |          v              |
//! ```
//!
//! The frame address is r31 + 48 for as long as SP is elsewhere, which the CFI says; r31 is callee-saved, so the body
//! brings it back. Those who walk by the back chain follow it to the same place.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mr {}, 1", out(reg) sp, options(nomem, nostack, preserves_flags)) };
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
    // On entry: r3 = argument, r4 = function, r5 = top, r6 = left_at, LR = return address into the shim.
    naked_asm!(
        ".cfi_startproc",
        // The return address has its place in the caller's frame.
        "mflr 0",
        "std 0, 16(1)",
        ".cfi_offset lr, 16",
        // A frame of our own, with the back chain: stdu sets both at once, so that no signal handler sees half a frame.
        "stdu 1, -48(1)",
        ".cfi_def_cfa_offset 48",
        "std 31, 40(1)",
        ".cfi_offset r31, -8",
        "mr 31, 1",
        // From here on the frame is found through r31, wherever r1 is.
        ".cfi_def_cfa_register r31",
        // The free end of the host, for `on_host_stack`.
        "std 1, 0(6)",
        // The body saves LR in a frame that the caller provides: 32 bytes, the least that the ABI allows, and as much as it wants
        // where all arguments are in registers. Its back chain first, then r1.
        "std 31, -32(5)",
        "addi 1, 5, -32",
        // The function may belong to another object with another TOC.
        "std 2, 24(1)",
        // r12 must hold the address of a function that is called through a pointer: it finds its own TOC from that.
        "mr 12, 4",
        "mtctr 12",
        // The name that gdb wants: x86_64.rs has the reason.
        ".ifndef __morestack",
        ".type __morestack, @function",
        "__morestack:",
        ".set .Lguarded_callback_named, 1",
        ".else",
        ".set .Lguarded_callback_named, 0",
        ".endif",
        "bctrl",
        // The TOC of this object again. Unwinders look for this very instruction after a call to know that r2 is to be restored.
        "ld 2, 24(1)",
        // r31 is callee-saved: r1 returns to the host, whichever thread this is.
        "mr 1, 31",
        ".cfi_def_cfa_register r1",
        "ld 31, 40(1)",
        ".cfi_restore r31",
        "addi 1, 1, 48",
        ".cfi_def_cfa_offset 0",
        "ld 0, 16(1)",
        "mtlr 0",
        ".cfi_restore lr",
        "blr",
        ".if .Lguarded_callback_named",
        ".size __morestack, . - __morestack",
        ".endif",
        ".cfi_endproc",
    )
}
