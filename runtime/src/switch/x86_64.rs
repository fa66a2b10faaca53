//! x86_64, System V calling convention (every system but Windows).
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | return address           |            | return address into here|
//!  | saved rbp                | <- rbp     | frames of the body      |
//!  |   (rsp moves over there) |            |          v              |
//! ```
//!
//! The frame address is rbp + 16 for as long as SP is elsewhere, which the CFI says; rbp is callee-saved, so the body
//! brings it back. Frame-pointer walkers follow the same rbp.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// Calls `function(argument)` with SP at `top`, after writing to `left_at` where SP was.
///
/// gdb takes a caller at a lower address than its callee for a corrupt stack, unless the function of
/// a certain name is between them. That is a symbol with a size, so that gdb prefers it, and local to
/// this object file; under fat LTO the object file may hold a second version of the runtime, which
/// then goes without.
///
/// # Safety
/// `top` is 16-byte aligned and the high end of memory that nobody uses until the call has returned or
/// was abandoned, large enough for `function`. `left_at` can be written.
#[unsafe(naked)]
pub(crate) unsafe extern "C-unwind" fn call_on_stack(
    argument: *mut u8,
    function: unsafe extern "C-unwind" fn(*mut u8),
    top: *mut u8,
    left_at: *mut usize,
) {
    // On entry: rdi = argument, rsi = function, rdx = top, rcx = left_at.
    naked_asm!(
        ".cfi_startproc",
        // Landing pad for processes with indirect branch tracking: the linker may reach this through
        // a pointer.
        "endbr64",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        // From here on the frame is found through rbp, wherever rsp is.
        ".cfi_def_cfa_register rbp",
        // The free end of the calling stack, for `on_host_stack`.
        "mov qword ptr [rcx], rsp",
        "mov rsp, rdx",
        // The name not at the beginning: of two symbols for one address gdb would take the other.
        elf!(".ifndef __morestack"),
        elf!(".type __morestack, @function"),
        elf!("__morestack:"),
        elf!(".set .Lguarded_callback_named, 1"),
        elf!(".else"),
        elf!(".set .Lguarded_callback_named, 0"),
        elf!(".endif"),
        // top is 16-byte aligned, as the ABI wants rsp before a call. call and ret stay paired for
        // the shadow stack.
        "call rsi",
        // rsp returns to the calling stack, whichever thread this is: rbp is callee-saved.
        "leave",
        ".cfi_def_cfa rsp, 8",
        ".cfi_restore rbp",
        "ret",
        elf!(".if .Lguarded_callback_named"),
        elf!(".size __morestack, . - __morestack"),
        elf!(".endif"),
        ".cfi_endproc",
    )
}
