//! aarch64, the procedure call standard of Arm.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | x30, the return address  |            | frames of the function   |
//!  | saved x29                | <- x29     |          v               |
//!  |   (sp leaves from here)  |
//! ```
//!
//! The frame address is x29 + 16.

copy_of!(stack_pointer, "mov {}, sp");

call_on_stack! {
    // On entry: x0 = argument, x1 = function, x2 = top, x3 = record, x30 = return address.
    ".cfi_startproc",
    // bti c: a landing pad for processes that enforce them, as the linker may reach this through a
    // pointer. Hints are no-ops on processors that do not know them.
    "hint #34",
    // paciasp: while the return address lies in memory it is signed with SP, which is the same
    // again below. Not on Apple's systems, where only arm64e has keys, with rules of its own.
    elf!("hint #25"),
    elf!(".cfi_negate_ra_state"),
    "stp x29, x30, [sp, #-16]!",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset x29, -16",
    ".cfi_offset x30, -8",
    "mov x29, sp",
    // From here on the frame is found through x29, wherever sp is.
    ".cfi_def_cfa x29, 16",
    // Where the calling stack is left.
    "str x29, [x3]",
    "mov sp, x2",
    morestack!(begin),
    // top is aligned to 16, as the processor wants sp. blr and ret stay paired for the guarded
    // control stack.
    "blr x1",
    // x29 is on the calling stack.
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
    morestack!(end),
    ".cfi_endproc",
}
