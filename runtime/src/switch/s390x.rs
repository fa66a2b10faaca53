//! s390x, the ELF ABI.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | its 160 bytes for the    |            | 160 bytes in which the   |
//!  | callee's registers: here |            | function saves registers |
//!  | %r11 to %r15 from + 88   |            | 0: back chain to %r11    | <- %r15 at the call
//!  | 0: back chain            | <- %r11    | frames of the function   |
//!  |  (%r15 leaves from here) |            |          v               |
//! ```
//!
//! The frame address is %r11 + 160. Profilers follow the back chain.

copy_of!(stack_pointer, "lgr {}, %r15");

call_on_stack! {
    // On entry: %r2 = argument, %r3 = function, %r4 = top, %r5 = record, %r14 = return address.
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
    // Where the calling stack is left.
    "stg %r15, 0(%r5)",
    // The function, too, saves its registers above its SP, in a frame that the caller provides.
    "lgr %r15, %r4",
    "aghi %r15, -160",
    "stg %r11, 0(%r15)",
    morestack!(begin),
    "basr %r14, %r3",
    // %r11 is on the calling stack. With the others %r15 comes back.
    "lmg %r11, %r15, 88(%r11)",
    ".cfi_def_cfa %r15, 160",
    ".cfi_restore %r11",
    ".cfi_restore %r12",
    ".cfi_restore %r13",
    ".cfi_restore %r14",
    ".cfi_restore %r15",
    "br %r14",
    morestack!(end),
    ".cfi_endproc",
}
