//! x86_64, Microsoft's calling convention.
//!
//! ```text
//!  host stack                              system stack
//!  | frame of the shim        |            | header of the stack     | <- top
//!  | return address           |            | 32 bytes for the callee |
//!  | saved rbp                |            | return address into here|
//!  | left_at                  | <- rbp     | frames of the body      |
//!  |   (rsp moves over there) |            |          v              |
//! ```
//!
//! The unwind codes say that the frame is found through rbp, wherever rsp is; rbp is callee-saved, so the body brings it back.

use core::arch::{asm, naked_asm};

use super::{Fields, SwitchRecord};

/// The handler of the switch does so when something unwinds past it.
pub(super) const COMMITS_THE_HOST_FIRST: bool = false;

#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register, touches neither memory nor flags.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// What the TEB says now.
#[inline(always)]
pub(super) fn fields() -> Fields {
    let (base, limit, deallocation, guarantee_bytes): (usize, usize, usize, usize);
    // SAFETY: gs is the TEB of the thread; the offsets have been the same in all versions of Windows. GuaranteedStackBytes has 32 bits.
    unsafe {
        asm!(
            "mov {base}, qword ptr gs:[0x08]",
            "mov {limit}, qword ptr gs:[0x10]",
            "mov {deallocation}, qword ptr gs:[0x1478]",
            "mov {guarantee:e}, dword ptr gs:[0x1748]",
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
            "mov qword ptr gs:[0x08], {base}",
            "mov qword ptr gs:[0x10], {limit}",
            "mov qword ptr gs:[0x1478], {deallocation}",
            "mov dword ptr gs:[0x1748], {guarantee:e}",
            base = in(reg) fields.base,
            limit = in(reg) fields.limit,
            deallocation = in(reg) fields.deallocation,
            guarantee = in(reg) fields.guarantee_bytes,
            options(nostack, preserves_flags),
        );
    }
}

/// Ends the chain of handlers here, and returns it. Only Wine's own libraries have one on this architecture; it takes those at lower
/// addresses for inner ones.
pub(super) fn hide_handlers() -> usize {
    let handlers;
    // SAFETY: the first word of the TEB; its last element is all ones.
    unsafe {
        asm!(
            "mov {handlers}, qword ptr gs:[0]",
            "mov qword ptr gs:[0], -1",
            handlers = out(reg) handlers,
            options(nostack, preserves_flags),
        );
    }
    handlers
}

/// Puts the chain back.
pub(super) fn show_handlers(handlers: usize) {
    // SAFETY: what was there before.
    unsafe { asm!("mov qword ptr gs:[0], {}", in(reg) handlers, options(nostack, preserves_flags)) };
}

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
    // On entry: rcx = argument, rdx = function, r8 = top, r9 = left_at, [rsp] = return address into the shim.
    naked_asm!(
        ".seh_proc {this}",
        ".seh_handler {handler}, @unwind",
        // Landing pad for processes with indirect branch tracking: the linker may reach this through a pointer.
        "endbr64",
        "push rbp",
        ".seh_pushreg rbp",
        // Where the handler and the way back find it.
        "push r9",
        ".seh_stackalloc 8",
        "mov rbp, rsp",
        ".seh_setframe rbp, 0",
        ".seh_endprologue",
        // The free end of the host, for `on_host_stack`.
        "mov qword ptr [r9], rsp",
        // What the system was told, for the way back. Nothing is pushed here any more, so the limit stays.
        "mov rax, qword ptr gs:[0x08]",
        "mov qword ptr [r9 + 8], rax",
        "mov rax, qword ptr gs:[0x10]",
        "mov qword ptr [r9 + 16], rax",
        "mov rax, qword ptr gs:[0x1478]",
        "mov qword ptr [r9 + 24], rax",
        "mov eax, dword ptr gs:[0x1748]",
        "mov qword ptr [r9 + 32], rax",
        // And what it is told from here on.
        "mov rax, qword ptr [r9 + 40]",
        "mov qword ptr gs:[0x08], rax",
        "mov rax, qword ptr [r9 + 48]",
        "mov qword ptr gs:[0x10], rax",
        "mov rax, qword ptr [r9 + 56]",
        "mov qword ptr gs:[0x1478], rax",
        "mov rax, qword ptr [r9 + 64]",
        "mov dword ptr gs:[0x1748], eax",
        // The callee may use 32 bytes above its return address; top is 16-byte aligned, as the ABI wants rsp before a call.
        "lea rsp, [r8 - 32]",
        // call and ret stay paired for the shadow stack.
        "call rdx",
        // rbp is callee-saved: rsp returns to the host, whichever thread this is.
        "mov rsp, rbp",
        "mov r9, qword ptr [rbp]",
        // The kernel has moved the limit where the stack has grown.
        "mov rax, qword ptr gs:[0x10]",
        "mov qword ptr [r9 + 48], rax",
        "mov rax, qword ptr [r9 + 8]",
        "mov qword ptr gs:[0x08], rax",
        "mov rax, qword ptr [r9 + 16]",
        "mov qword ptr gs:[0x10], rax",
        "mov rax, qword ptr [r9 + 24]",
        "mov qword ptr gs:[0x1478], rax",
        "mov rax, qword ptr [r9 + 32]",
        "mov dword ptr gs:[0x1748], eax",
        "add rsp, 8",
        "pop rbp",
        "ret",
        ".seh_endproc",
        this = sym switch,
        handler = sym handler,
    )
}

/// The handler of the switch's frame, called in the second phase of whatever unwinds it. `frame` is rbp in [`switch`].
unsafe extern "C" fn handler(
    _record: *mut u8,
    frame: *const *const SwitchRecord,
    _context: *mut u8,
    _dispatch: *mut u8,
) -> i32 {
    const EXCEPTION_CONTINUE_SEARCH: i32 = 1;
    // SAFETY: the switch has pushed `left_at` there, and its frame is not gone yet.
    unsafe { super::unwinds(*frame) };
    EXCEPTION_CONTINUE_SEARCH
}
