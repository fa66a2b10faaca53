//! x86_64, the calling convention of System V.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | return address           |            | return address into here |
//!  | saved rbp                | <- rbp     | frames of the function   |
//!  |   (rsp leaves from here) |            |          v               |
//! ```
//!
//! The frame address is rbp + 16.

copy_of!(stack_pointer, "mov {}, rsp");

call_on_stack! {
    // On entry: rdi = argument, rsi = function, rdx = top, rcx = record, [rsp] = return address.
    ".cfi_startproc",
    // A landing pad (indirect branch tracking), as the linker may reach this through a pointer.
    "endbr64",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset rbp, -16",
    "mov rbp, rsp",
    // From here on the frame is found through rbp, wherever rsp is.
    ".cfi_def_cfa_register rbp",
    // Where the calling stack is left.
    "mov qword ptr [rcx], rsp",
    "mov rsp, rdx",
    morestack!(begin),
    // top is aligned to 16, as the ABI wants rsp before a call. call and ret stay paired for the
    // shadow stack.
    "call rsi",
    // rsp = rbp, which is on the calling stack; pop rbp.
    "leave",
    ".cfi_def_cfa rsp, 8",
    ".cfi_restore rbp",
    "ret",
    morestack!(end),
    ".cfi_endproc",
}
