//! riscv64, the ELF psABI.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      | <- s0      | header of the stack      | <- top
//!  | ra, the return address   |            | frames of the function   |
//!  | saved s0                 |            |          v               |
//!  |   (sp leaves from here)  |
//! ```
//!
//! The frame address is s0.

copy_of!(stack_pointer, "mv {}, sp");

call_on_stack! {
    // On entry: a0 = argument, a1 = function, a2 = top, a3 = record, ra = return address. Every
    // instruction exists with and without the compressed set: the assembler chooses.
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
    // Where the calling stack is left.
    "sd sp, 0(a3)",
    // top is aligned to 16, as the ABI wants sp.
    "mv sp, a2",
    morestack!(begin),
    // Through ra, which return-address predictors and shadow stacks pair with the ret.
    "jalr a1",
    // s0 is on the calling stack.
    "addi sp, s0, -16",
    ".cfi_def_cfa sp, 16",
    "ld ra, 8(sp)",
    "ld s0, 0(sp)",
    ".cfi_restore ra",
    ".cfi_restore s0",
    "addi sp, sp, 16",
    ".cfi_def_cfa_offset 0",
    "ret",
    morestack!(end),
    ".cfi_endproc",
}
