//! aarch64, Windows.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | left_at                  |            | frames of the body      |
//!  | saved x29 and x30        | <- x29     |          v              |
//!  |   (sp moves over there)  |
//! ```
//!
//! The unwind codes say that the frame is found through x29, wherever sp is; x29 is callee-saved, so the body brings it back. x18 is
//! the TEB.

use core::arch::{asm, naked_asm};

use super::{Fields, SwitchRecord};

/// The switch has no handler that could do so later.
pub(super) const COMMITS_THE_HOST_FIRST: bool = true;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, sp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// What the TEB says now.
#[inline(always)]
pub(super) fn fields() -> Fields {
    let (base, limit, deallocation, guarantee_bytes): (usize, usize, usize, usize);
    // SAFETY: x18 is the TEB of the thread, with the offsets of x86_64. GuaranteedStackBytes has 32 bits.
    unsafe {
        asm!(
            "ldr {base}, [x18, #0x08]",
            "ldr {limit}, [x18, #0x10]",
            // Offsets that are no multiple of the size fit no instruction: the addresses are added up.
            "add {deallocation}, x18, #0x1000",
            "ldr {guarantee:w}, [{deallocation}, #0x748]",
            "ldr {deallocation}, [{deallocation}, #0x478]",
            base = out(reg) base,
            limit = out(reg) limit,
            deallocation = out(reg) deallocation,
            guarantee = out(reg) guarantee_bytes,
            options(nostack, readonly, preserves_flags),
        );
    }
    Fields { base, limit, deallocation, guarantee_bytes }
}

/// Writes the fields.
///
/// # Safety
/// They cover the stack in use, and all from `limit` up to SP is committed.
pub(super) unsafe fn tell(fields: &Fields) {
    // SAFETY: as in `fields`, and the caller's promise.
    unsafe {
        asm!(
            "str {base}, [x18, #0x08]",
            "str {limit}, [x18, #0x10]",
            "add {teb}, x18, #0x1000",
            "str {deallocation}, [{teb}, #0x478]",
            "str {guarantee:w}, [{teb}, #0x748]",
            base = in(reg) fields.base,
            limit = in(reg) fields.limit,
            deallocation = in(reg) fields.deallocation,
            guarantee = in(reg) fields.guarantee_bytes,
            teb = out(reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// There is no chain of handlers.
pub(super) fn hide_handlers() -> usize {
    0
}

pub(super) fn show_handlers(_handlers: usize) {}

/// Calls `function(argument)` with SP at `top`.
///
/// # Safety
/// As for `call_on_stack`; `both` of `left_at` is set.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn switch(
    argument: *mut u8,
    function: unsafe extern "C-unwind" fn(*mut u8),
    top: *mut u8,
    left_at: &SwitchRecord,
) {
    // On entry: x0 = argument, x1 = function, x2 = top, x3 = left_at, x30 = return address into the shim.
    naked_asm!(
        ".seh_proc {this}",
        // Landing pad for images with branch target identification.
        "bti c",
        ".seh_nop",
        "stp x29, x30, [sp, #-32]!",
        ".seh_save_fplr_x 32",
        "mov x29, sp",
        ".seh_set_fp",
        ".seh_endprologue",
        // For the way back.
        "str x3, [x29, #16]",
        // The free end of the host, for `on_host_stack`.
        "mov x9, sp",
        "str x9, [x3]",
        // What the system was told, for the way back. Nothing is pushed here any more, so the limit stays.
        "add x10, x18, #0x1000",
        "ldr x9, [x18, #0x08]",
        "str x9, [x3, #8]",
        "ldr x9, [x18, #0x10]",
        "str x9, [x3, #16]",
        "ldr x9, [x10, #0x478]",
        "str x9, [x3, #24]",
        "ldr w9, [x10, #0x748]",
        "str x9, [x3, #32]",
        // And what it is told from here on.
        "ldr x9, [x3, #40]",
        "str x9, [x18, #0x08]",
        "ldr x9, [x3, #48]",
        "str x9, [x18, #0x10]",
        "ldr x9, [x3, #56]",
        "str x9, [x10, #0x478]",
        "ldr x9, [x3, #64]",
        "str w9, [x10, #0x748]",
        // top is 16-byte aligned, as sp has to be at all times.
        "mov sp, x2",
        "blr x1",
        // x29 is callee-saved: sp returns to the host, whichever thread this is.
        "mov sp, x29",
        "ldr x3, [x29, #16]",
        "add x10, x18, #0x1000",
        // The kernel has moved the limit where the stack has grown.
        "ldr x9, [x18, #0x10]",
        "str x9, [x3, #48]",
        "ldr x9, [x3, #8]",
        "str x9, [x18, #0x08]",
        "ldr x9, [x3, #16]",
        "str x9, [x18, #0x10]",
        "ldr x9, [x3, #24]",
        "str x9, [x10, #0x478]",
        "ldr x9, [x3, #32]",
        "str w9, [x10, #0x748]",
        ".seh_startepilogue",
        "ldp x29, x30, [sp], #32",
        ".seh_save_fplr_x 32",
        ".seh_endepilogue",
        "ret",
        ".seh_endproc",
        this = sym switch,
    )
}
