//! i686, Windows.
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
//! GNU targets unwind by DWARF's rules: the frame address is ebp + 8 for as long as SP is elsewhere. Microsoft's follow the chain of
//! handlers at fs:[0], which passes by here: the records only have to lie between the limits.

use core::arch::{asm, naked_asm};

use super::{Fields, SwitchRecord};

/// A line of assembly where frames are described by DWARF.
#[cfg(target_env = "gnu")]
macro_rules! cfi {
    ($line:literal) => {
        $line
    };
}
#[cfg(not(target_env = "gnu"))]
macro_rules! cfi {
    ($line:literal) => {
        ""
    };
}

/// `__chkstk` looks at no field on this architecture: it touches page after page.
pub(super) const COMMITS_THE_HOST_FIRST: bool = false;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, esp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// What the TEB says now.
#[inline(always)]
pub(super) fn fields() -> Fields {
    let (base, limit, deallocation, guarantee_bytes): (usize, usize, usize, usize);
    // SAFETY: fs is the TEB of the thread; the offsets have been the same in all versions of Windows.
    unsafe {
        asm!(
            "mov {base}, dword ptr fs:[0x04]",
            "mov {limit}, dword ptr fs:[0x08]",
            "mov {deallocation}, dword ptr fs:[0xE0C]",
            "mov {guarantee}, dword ptr fs:[0xF78]",
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
            "mov dword ptr fs:[0x04], {base}",
            "mov dword ptr fs:[0x08], {limit}",
            "mov dword ptr fs:[0xE0C], {deallocation}",
            "mov dword ptr fs:[0xF78], {guarantee}",
            base = in(reg) fields.base,
            limit = in(reg) fields.limit,
            deallocation = in(reg) fields.deallocation,
            guarantee = in(reg) fields.guarantee_bytes,
            options(nostack, preserves_flags),
        );
    }
}

/// The chain of handlers is in order, wherever its elements lie.
pub(super) fn hide_handlers() -> usize {
    0
}

pub(super) fn show_handlers(_handlers: usize) {}

/// Calls `function(argument)` on the stack that ends at `top`.
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
    // On entry: [esp] = return address into the shim, [esp + 4] = argument, + 8 = function, + 12 = top, + 16 = left_at.
    naked_asm!(
        cfi!(".cfi_startproc"),
        // Landing pad for processes with indirect branch tracking: the linker may reach this through a pointer.
        "endbr32",
        "push ebp",
        cfi!(".cfi_def_cfa_offset 8"),
        cfi!(".cfi_offset ebp, -8"),
        "mov ebp, esp",
        // From here on the frame is found through ebp, wherever esp is.
        cfi!(".cfi_def_cfa_register ebp"),
        // eax, ecx and edx are the caller's to save.
        "mov edx, dword ptr [ebp + 20]",
        // The free end of the host, for `on_host_stack`.
        "mov dword ptr [edx], esp",
        // What the system was told, for the way back. Nothing is pushed here any more, so the limit stays.
        "mov eax, dword ptr fs:[0x04]",
        "mov dword ptr [edx + 4], eax",
        "mov eax, dword ptr fs:[0x08]",
        "mov dword ptr [edx + 8], eax",
        "mov eax, dword ptr fs:[0xE0C]",
        "mov dword ptr [edx + 12], eax",
        "mov eax, dword ptr fs:[0xF78]",
        "mov dword ptr [edx + 16], eax",
        // And what it is told from here on.
        "mov eax, dword ptr [edx + 20]",
        "mov dword ptr fs:[0x04], eax",
        "mov eax, dword ptr [edx + 24]",
        "mov dword ptr fs:[0x08], eax",
        "mov eax, dword ptr [edx + 28]",
        "mov dword ptr fs:[0xE0C], eax",
        "mov eax, dword ptr [edx + 32]",
        "mov dword ptr fs:[0xF78], eax",
        "mov eax, dword ptr [ebp + 8]",
        "mov ecx, dword ptr [ebp + 12]",
        // The argument goes on the stack; esp stays 16-byte aligned before the call.
        "mov esp, dword ptr [ebp + 16]",
        "sub esp, 16",
        "mov dword ptr [esp], eax",
        // call and ret stay paired for the shadow stack.
        "call ecx",
        // ebp is callee-saved: esp returns to the host, whichever thread this is.
        "mov esp, ebp",
        "mov edx, dword ptr [ebp + 20]",
        // The kernel has moved the limit where the stack has grown.
        "mov eax, dword ptr fs:[0x08]",
        "mov dword ptr [edx + 24], eax",
        "mov eax, dword ptr [edx + 4]",
        "mov dword ptr fs:[0x04], eax",
        "mov eax, dword ptr [edx + 8]",
        "mov dword ptr fs:[0x08], eax",
        "mov eax, dword ptr [edx + 12]",
        "mov dword ptr fs:[0xE0C], eax",
        "mov eax, dword ptr [edx + 16]",
        "mov dword ptr fs:[0xF78], eax",
        "pop ebp",
        cfi!(".cfi_def_cfa esp, 4"),
        "ret",
        cfi!(".cfi_endproc"),
    )
}
