//! loongarch64, the ELF psABI.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      | <- fp      | header of the stack      | <- top
//!  | ra, the return address   |            | frames of the function   |
//!  | saved fp                 |            |          v               |
//!  |   (sp leaves from here)  |
//! ```
//!
//! The frame address is fp. In the CFI register 1 is ra, 3 is sp and 22 is fp.

copy_of!(stack_pointer, "move {}, $sp");

call_on_stack! {
    // On entry: $a0 = argument, $a1 = function, $a2 = top, $a3 = record, $ra = return address.
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
    // Where the calling stack is left.
    "st.d $sp, $a3, 0",
    // top is aligned to 16, as the ABI wants $sp.
    "move $sp, $a2",
    morestack!(begin),
    "jirl $ra, $a1, 0",
    // $fp is on the calling stack.
    "addi.d $sp, $fp, -16",
    ".cfi_def_cfa 3, 16",
    "ld.d $ra, $sp, 8",
    "ld.d $fp, $sp, 0",
    ".cfi_restore 1",
    ".cfi_restore 22",
    "addi.d $sp, $sp, 16",
    ".cfi_def_cfa_offset 0",
    "ret",
    morestack!(end),
    ".cfi_endproc",
}
