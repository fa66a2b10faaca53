//! aarch64, the procedure call standard of Arm.
//!
//! ```text
//!  calling stack                               system stack
//!  | arguments on the stack |                  | header         | <- sp while the body is called
//!  | header                 | <- header.calling| frames of body |
//!  |                        |                  |       v        |
//!  | saved x30              |
//!  | saved x29              | <- x29
//! ```
//!
//! The highest word of the frame is the activation's [`Record`](crate::stack::Record). Free to use
//! at the entry of a C function, and so used here, are x9 to x17; x0 to x7 and v0 to v7 carry the
//! arguments, x8 the address of a result in memory. x18 is the system's.
//!
//! In place sp is left alone and the last instruction is a branch to the body, which finds the
//! arguments on the stack as C left them. How stacks are changed stands in switch/aarch64.rs.

pub(super) use super::decide_aarch64::{
    COMPOSITE_REGISTERS, MOST_NEEDED_BYTES, RECORD_AT, REGISTERS, is_by_reference,
    registers_for_result,
};

/// What the assembler makes of the instructions after the call of the body, but for the first.
const AFTER_CALL: [u8; 16] = [
    0xbf, 0x03, 0x00, 0x91, // mov sp, x29
    0x3f, 0xfd, 0x9f, 0xc8, // stlr xzr, [x9]
    0xfd, 0x7b, 0xc2, 0xa8, // ldp x29, x30, [sp], #32
    0xc0, 0x03, 0x5f, 0xd6, // ret
];

/// Where an unwinding goes on, if this is the return address of the body.
///
/// # Safety
/// It lies in the code of the fast path, before the description.
pub(super) unsafe fn landing_pad(return_address: usize) -> Option<usize> {
    let second = return_address + 4;
    let code = core::ptr::with_exposed_provenance::<[u8; AFTER_CALL.len()]>(second);
    // SAFETY: the code goes on for longer than that.
    let is_after_call = unsafe { code.read() == AFTER_CALL };
    // The branch to `describe` follows, of two instructions.
    is_after_call.then_some(second + AFTER_CALL.len() + 8)
}

/// The fast path. On entry: the arguments where C has put them, x30 = return address.
#[rustfmt::skip] // Would break lines of assembly.
macro_rules! assembly {
    () => {
        concat!(
            "
            .cfi_startproc
            .if {is_fast} && {switches}
            .cfi_personality 0x9b, ",
            $crate::fast::near!("personality"),
            "
            .endif
            // bti c: a landing pad for processes that enforce them, as C calls this by a pointer.
            // Hints are no-ops on processors that do not know them.
            hint #34
            .if {is_fast}
            .if {is_apple}
            // x16 = this thread's words, whose address, or null, lies at a distance from the thread
            // pointer. Its lowest three bits are the kernel's: libpthread masks them as well.
            adrp x16, {location}@PAGE
            ldr x16, [x16, {location}@PAGEOFF]
            cbz x16, 7f
            mrs x17, tpidrro_el0
            and x17, x17, #-8
            ldr x16, [x17, x16]
            cbz x16, 7f
            .else
            // x16 = this thread's words, which lie at the same distance from the thread pointer in
            // all threads; the distance is 0 if they do not.
            adrp x16, ", $crate::fast::near!("location"), "
            ldr x16, [x16, :lo12:", $crate::fast::near!("location"), "]
            cbz x16, 8f
            mrs x17, tpidr_el0
            add x16, x16, x17
            2:
            .endif
            ",
            $crate::fast::decide!(),
            "
            .if {switches}
            .cfi_remember_state
            stp x29, x30, [sp, #-32]!
            .cfi_def_cfa_offset 32
            .cfi_offset x29, -32
            .cfi_offset x30, -24
            mov x29, sp
            // From here on the frame is found through x29, wherever sp is.
            .cfi_def_cfa x29, 32
            ",
            $crate::fast::claim!(),
            "
            adr x11, 23f
            str x11, [x9, #8]
            ",
            $crate::fast::move_to_home!(""),
            "
            // bl and ret stay paired for the guarded control stack.
            bl {body}
            5:
            // The body has brought sp back to the arguments.
            add x9, sp, #(8 * {words})
            // sp returns to the calling stack, whichever thread this is: x29 is callee-saved.
            mov sp, x29
            .cfi_def_cfa sp, 32
            // SP is on the stack no more, and the record is still in place. Release: the frames of
            // the body come before the next use of the stack.
            stlr xzr, [x9]
            ldp x29, x30, [sp], #32
            .cfi_def_cfa_offset 0
            .cfi_restore x29
            .cfi_restore x30
            ret
            // An error if AFTER_CALL is shorter.
            .org 5b + 20
            23:
            // Called where the callback is asked for: bti c.
            hint #34
            b {describe}
            // An unwinding out of the body goes on here: sp and x29 are as after the call, and x0
            // is the exception. The stack is left idle, and the unwinder is called as if C had
            // called it.
            .cfi_restore_state
            .cfi_remember_state
            .cfi_def_cfa x29, 32
            .cfi_offset x29, -32
            .cfi_offset x30, -24
            // bti j: the unwinder jumps here.
            hint #36
            add x9, sp, #(8 * {words})
            mov sp, x29
            .cfi_def_cfa sp, 32
            stlr xzr, [x9]
            ldp x29, x30, [sp], #32
            .cfi_def_cfa_offset 0
            .cfi_restore x29
            .cfi_restore x30
            b {resume}
            // The home is in use, or that cannot be told.
            .cfi_restore_state
            .cfi_remember_state
            .cfi_def_cfa x29, 32
            .cfi_offset x29, -32
            .cfi_offset x30, -24
            22:
            ldp x29, x30, [sp], #32
            .cfi_def_cfa sp, 0
            .cfi_restore x29
            .cfi_restore x30
            b {slow}
            .cfi_restore_state
            .endif
            ",
            $crate::fast::decide_elsewhere!(),
            "
            // The words are in the state of the thread, to which the value of our thread-specific
            // key leads, if it is one of ours.
            .if !{is_apple}
            8:
            adrp x17, ", $crate::fast::near!("location"), "
            add x17, x17, :lo12:", $crate::fast::near!("location"), "
            ldp x16, x17, [x17, #8]
            cbz x16, 7b
            mrs x9, tpidr_el0
            add x9, x9, x16
            ldp x10, x16, [x9, #-8]
            cmp x10, x17
            b.ne 7b
            cbnz x16, 2b
            b 7b
            .endif
            .else
            b {slow}
            .endif
            .cfi_endproc
            // As much of each as can be on one line of the cache. Not in front: where functions
            // share a section, what fills the space would be a part of this one.
            .p2align 5
            ",
        )
    };
}
pub(crate) use assembly;
