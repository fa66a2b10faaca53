//! 32-bit ARM, the EABI: hard and soft float, ARM and Thumb code.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | lr, the return address   |            | frames of the function   |
//!  | saved r11                | <- r11     |          v               |
//!  | lr, the return address   |
//!  | saved r7                 | <- r7
//!  |   (sp leaves from here)  |
//! ```
//!
//! The frame pointer is r11 in ARM code and r7 in Thumb code, and stable Rust does not tell which
//! of the two it compiles; so there is a pair for each. The frame address is r7 + 16. Unwinders
//! read it in the tables of the EHABI, debuggers in those of DWARF; NetBSD has the latter for both.

// The unwind tables of the EHABI.
define_lines! { $ ehabi if not(target_os = "netbsd") }

copy_of!(stack_pointer, "mov {}, sp");

call_on_stack! {
    // On entry: r0 = argument, r1 = function, r2 = top, r3 = record, lr = return address.
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
    // Where the calling stack is left.
    "str r7, [r3]",
    "mov sp, r2",
    morestack!(begin),
    // blx came with ARMv5T. bl sets lr everywhere, and bx jumps to ARM and to Thumb code.
    "bl 2f",
    // r7 is on the calling stack.
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
    morestack!(end),
    ".cfi_endproc",
    ehabi!(".fnend"),
}
