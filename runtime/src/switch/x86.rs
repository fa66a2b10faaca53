//! i686, System V calling convention (every system but Windows).
//!
//! ```text
//!  host stack                              system stack
//!  | left_at                  | ebp + 20   | header of the stack     | <- top
//!  | top                      | ebp + 16   | 12 bytes of alignment   |
//!  | function                 | ebp + 12   | argument                |
//!  | argument                 | ebp + 8    | return address into here|
//!  | return address           |            | frames of the body      |
//!  | saved ebp                | <- ebp     |          v              |
//!  |   (esp moves over there) |
//! ```
//!
//! The frame address is ebp + 8 for as long as SP is elsewhere, which the CFI says; ebp is callee-saved, so the body
//! brings it back. Frame-pointer walkers follow the same ebp.

use core::arch::{asm, naked_asm};

pub(crate) const SUPPORTED: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, esp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
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
    // On entry: [esp] = return address into the shim, [esp + 4] = argument, + 8 = function, + 12 = top, + 16 = left_at.
    naked_asm!(
        ".cfi_startproc",
        // Landing pad for processes with indirect branch tracking: the linker may reach this through a pointer.
        "endbr32",
        "push ebp",
        ".cfi_def_cfa_offset 8",
        ".cfi_offset ebp, -8",
        "mov ebp, esp",
        // From here on the frame is found through ebp, wherever esp is.
        ".cfi_def_cfa_register ebp",
        // eax, ecx and edx are the caller's to save.
        "mov eax, dword ptr [ebp + 8]",
        "mov ecx, dword ptr [ebp + 12]",
        "mov edx, dword ptr [ebp + 20]",
        // The free end of the host, for `on_host_stack`.
        "mov dword ptr [edx], esp",
        // The argument goes on the stack; esp stays 16-byte aligned before the call, as the ABI wants it.
        "mov esp, dword ptr [ebp + 16]",
        "sub esp, 16",
        "mov dword ptr [esp], eax",
        // The name that gdb wants: x86_64.rs has the reason.
        elf!(".ifndef __morestack"),
        elf!(".type __morestack, @function"),
        elf!("__morestack:"),
        elf!(".set .Lguarded_callback_named, 1"),
        elf!(".else"),
        elf!(".set .Lguarded_callback_named, 0"),
        elf!(".endif"),
        // call and ret stay paired for the shadow stack.
        "call ecx",
        // ebp is callee-saved: esp returns to the host, whichever thread this is.
        "mov esp, ebp",
        "pop ebp",
        ".cfi_def_cfa esp, 4",
        "ret",
        elf!(".if .Lguarded_callback_named"),
        elf!(".size __morestack, . - __morestack"),
        elf!(".endif"),
        ".cfi_endproc",
    )
}
