//! powerpc64, version 2 of the ELF ABI.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller,     |            | header of the stack      | <- top
//!  | LR at + 16: our return   |            | 24: TOC pointer          |
//!  | 40: saved r31            |            | 16: LR of the function   |
//!  | 0: back chain            | <- r31     | 0: back chain to r31     | <- r1 at the call
//!  |   (r1 leaves from here)  |            | frames of the function   |
//!                                          |          v               |
//! ```
//!
//! The frame address is r31 + 48. Profilers follow the back chain.

copy_of!(stack_pointer, "mr {}, 1");

call_on_stack! {
    // On entry: r3 = argument, r4 = function, r5 = top, r6 = record, LR = return address.
    ".cfi_startproc",
    // The return address has its place in the caller's frame.
    "mflr 0",
    "std 0, 16(1)",
    ".cfi_offset lr, 16",
    // A frame with the back chain: stdu sets both at once, so that no signal handler sees half of
    // it.
    "stdu 1, -48(1)",
    ".cfi_def_cfa_offset 48",
    "std 31, 40(1)",
    ".cfi_offset r31, -8",
    "mr 31, 1",
    // From here on the frame is found through r31, wherever r1 is.
    ".cfi_def_cfa_register r31",
    // Where the calling stack is left.
    "std 1, 0(6)",
    // The function saves LR in a frame that the caller provides: 32 bytes, the least that the ABI
    // allows. The back chain first, then r1.
    "std 31, -32(5)",
    "addi 1, 5, -32",
    // The function may belong to another object with another TOC.
    "std 2, 24(1)",
    // r12 = the address of a function that is called through a pointer: it finds its TOC from that.
    "mr 12, 4",
    "mtctr 12",
    morestack!(begin),
    "bctrl",
    // The TOC of this object again. Unwinders look for this very instruction after a call to know
    // that r2 is to be restored.
    "ld 2, 24(1)",
    // r31 is on the calling stack.
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
    morestack!(end),
    ".cfi_endproc",
}
