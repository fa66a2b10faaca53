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
use core::mem::offset_of;

use crate::stack::{Header, Record};

pub(crate) const SUPPORTED: bool = true;

/// A line of assembly for object files of the ELF format, which is that of every system here but Apple's.
#[cfg(not(target_vendor = "apple"))]
macro_rules! elf {
    ($line:literal) => {
        $line
    };
}
#[cfg(target_vendor = "apple")]
macro_rules! elf {
    ($line:literal) => {
        ""
    };
}

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// Calls `function(argument)` with SP at `top`, after writing to `left_at` where SP was.
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
    naked_asm!(
        ".cfi_startproc",
        // Landing pad for processes with indirect branch tracking: the linker may reach this through a pointer.
        "endbr64",
        "jmp {routines}.call_on_stack",
        ".cfi_endproc",
        routines = sym call_body,
    )
}

/// The end of a front (front/x86_64.rs), which marks the system stack as in use, calls the body on it, and marks it idle.
///
/// On entry: r11 = header of the stack. For signal handlers SP is never on an idle stack, and the record says at all times that the
/// activation lives. It ends in the instructions of [`AFTER_CALL`].
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_switch {
    ($call:literal $(, $named:expr)*) => {
        $crate::__private::core::concat!(
            "push rbp\n",
            ".cfi_def_cfa_offset 16\n",
            ".cfi_offset rbp, -16\n",
            "mov rbp, rsp\n",
            // From here on the frame is found through rbp, wherever rsp is.
            ".cfi_def_cfa_register rbp\n",
            // The record, which the host keeps of this activation.
            "push r11\n",
            $($named,)*
            // The stack counts as in use before SP is on it, for signal handlers that arrive in between.
            "mov qword ptr [r11 + 16], rsp\n",
            "mov rsp, r11\n",
            // The header is aligned to 64, as the ABI wants rsp before a call. call and ret stay paired for the shadow stack.
            $call,
            "\n5:\n",
            // The body has brought rsp back to the header.
            "mov r11, rsp\n",
            // rsp returns to the host, whichever thread this is: rbp is callee-saved.
            "leave\n",
            ".cfi_def_cfa rsp, 8\n",
            ".cfi_restore rbp\n",
            // SP is on the stack no more. The record below rsp is out of reach of signal handlers, which leave 128 bytes there alone.
            "mov qword ptr [r11 + 16], 0\n",
            "ret\n",
            // An error if AFTER_CALL is shorter.
            ".org 5b + 13\n",
        )
    };
}

/// What the assembler makes of the instructions after the call.
#[allow(dead_code, reason = "for the front, where there is one")]
pub const AFTER_CALL: [u8; 13] = [
    0x49, 0x89, 0xe3, // mov r11, rsp
    0xc9, // leave
    0x49, 0xc7, 0x43, 0x10, 0, 0, 0, 0,    // mov qword ptr [r11 + 16], 0
    0xc3, // ret
];

/// Two routines that change stacks, under one name for gdb: it takes a caller at a lower address than its callee for a corrupt stack, unless
/// the function of a certain name is between them.
///
/// That is a symbol with a size, so that gdb prefers it, and local to this object file; under fat LTO the object
/// file may hold a second version of the runtime, which then goes without.
///
/// The first one is for fronts whose host lies below the system stack; for the others they hold the same instructions themselves.
///
/// # Safety
/// Reached by a jump from a front: r11 = header of an idle stack of this thread, r10 = the callback, rax = its body, everything
/// else as C left it.
#[doc(hidden)]
#[unsafe(naked)]
pub unsafe extern "C" fn call_body() {
    naked_asm!(
        ".cfi_startproc",
        // The function begins a section of its own, and so on a line that the processor fetches whole.
        ".p2align 5",
        // The name not at the beginning: of two symbols for one address gdb would take the other.
        crate::__guarded_callback_switch!(
            "call rax",
            "mov qword ptr [r11 + 24], r10\n",
            elf!(".ifndef __morestack\n"),
            elf!(".type __morestack, @function\n"),
            elf!("__morestack:\n"),
            elf!(".set .Lguarded_callback_named, 1\n"),
            elf!(".else\n"),
            elf!(".set .Lguarded_callback_named, 0\n"),
            elf!(".endif\n")
        ),
        // The callback was noted.
        ".long 0",
        ".cfi_endproc",
        // On entry: rdi = argument, rsi = function, rdx = top, rcx = left_at, [rsp] = return address into the shim.
        "{routines}.call_on_stack:",
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        // The free end of the host, for `on_host_stack`.
        "mov qword ptr [rcx], rsp",
        "mov rsp, rdx",
        // top is 16-byte aligned.
        "call rsi",
        "leave",
        ".cfi_def_cfa rsp, 8",
        "ret",
        elf!(".if .Lguarded_callback_named"),
        elf!(".size __morestack, . - __morestack"),
        elf!(".endif"),
        ".cfi_endproc",
        routines = sym call_body,
    )
}

// What the assembly counts on: of the front as well.
const _: () = assert!(offset_of!(Header, low) == 0 && offset_of!(Header, room_bytes) == 8);
const _: () = assert!(offset_of!(Header, host) == 16 && offset_of!(Header, callback) == 24);
const _: () = assert!(offset_of!(Record, header) == 0);
