//! x86_64, the calling convention of System V.
//!
//! ```text
//!  calling stack                               system stack
//!  | return address into C |                   | header          | <- rsp while the body is called
//!  | saved rbp             | <- rbp            | return address  |
//!  | header                | <- header.calling | frames of body  |
//!  |                       |                   |        v        |
//! ```
//!
//! The word below rbp is the activation's [`Record`](crate::stack::Record). Free to use at the
//! entry of a C function, and so used here, are rax, r10 and r11; rdi, rsi, rdx, rcx, r8, r9 and
//! xmm0 to xmm7 carry the arguments.
//!
//! In place rsp is left alone and the last instruction is a jump into the body, which finds the
//! arguments on the stack as C left them. How stacks are changed stands in switch/x86_64.rs.

use super::made::is_register;

/// What the assembler makes of the instructions after the call of the body.
const AFTER_CALL: [u8; 12] = [
    0x49, 0x89, 0xe3, // mov r11, rsp
    0xc9, // leave
    0x49, 0xc7, 0x03, 0, 0, 0, 0,    // mov qword ptr [r11], 0
    0xc3, // ret
];

/// The size of the jump to `describe`, which follows.
const DESCRIPTION_BYTES: usize = 9;

/// What fits into an instruction.
pub(super) const MOST_NEEDED_BYTES: usize = 1 << 30;

/// rsp is at the record when it leaves the calling stack. (At the entry of a function rsp is 8
/// above a multiple of 16; rbp and then the record are pushed.)
pub(super) const RECORD_AT: usize = 0;

/// Six for integers, and eight for floating-point numbers.
pub(super) const REGISTERS: usize = 6;

/// Structures may lie in memory.
pub(super) const COMPOSITE_REGISTERS: usize = REGISTERS + 1;

/// The address of a result that travels in memory is one more argument.
pub(super) const fn registers_for_result(bytes: usize, align: usize) -> usize {
    if is_register(bytes, align) { 0 } else { 1 }
}

/// Everything is passed by value.
pub(super) const fn is_by_reference(_bytes: usize, _align: usize) -> bool {
    false
}

/// Where an unwinding goes on, if this is the return address of the body.
///
/// # Safety
/// It lies in the code of the fast path, before the description.
pub(super) unsafe fn landing_pad(return_address: usize) -> Option<usize> {
    // Where arguments were copied, an instruction of 5 or 8 bytes comes before.
    let end = [0, 5, 8].iter().map(|more| return_address + more).find(|&at| {
        // SAFETY: the code goes on for longer than that.
        unsafe {
            core::ptr::with_exposed_provenance::<[u8; AFTER_CALL.len()]>(at).read() == AFTER_CALL
        }
    })?;
    Some(end + AFTER_CALL.len() + DESCRIPTION_BYTES)
}

/// The fast path. On entry: the arguments where C has put them, [rsp] = return address.
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
            .if !{is_apple}
            // A landing pad (indirect branch tracking), as shims in library crates jump here
            // through the global offset table.
            endbr64
            .endif
            .if {is_fast}
            // rax = where this thread's words lie, relative to fs; 0 if that is not the same in
            // all threads. On Apple's systems their address, or null, is a word relative to gs.
            mov rax, qword ptr [rip + ", $crate::fast::near!("location"), "]
            test rax, rax
            .if {is_apple}
            jz 7f
            mov rax, qword ptr gs:[rax]
            test rax, rax
            jz 7f
            .else
            jz 8f
            .endif
            2:
            ",
            $crate::fast::decide!(8),
            "
            .if {switches}
            // The home lies below the calling stack.
            .cfi_remember_state
            push rbp
            .cfi_def_cfa_offset 16
            .cfi_offset rbp, -16
            mov rbp, rsp
            // From here on the frame is found through rbp, wherever rsp is.
            .cfi_def_cfa_register rbp
            // The record of this activation.
            push r11
            // Idle, and then in use: by one instruction, as a handler in between may suspend
            // this context while others take the stack. No lock: a context that was carried to
            // another thread meanwhile gives up what it takes (stack/calling.rs).
            xor eax, eax
            cmpxchg qword ptr [r11], rsp
            jne 22f
            lea r10, [rip + 23f]
            mov qword ptr [r11 + 8], r10
            mov rsp, r11
            .if {words}
            // The arguments, an even number of words, so that rsp stays aligned to 16.
            .set .Lguarded_callback_at, 16 + 8 * {words}
            .rept {words}
            .set .Lguarded_callback_at, .Lguarded_callback_at - 8
            push qword ptr [rbp + .Lguarded_callback_at]
            .endr
            .endif
            // The header is aligned to 64, as the ABI wants rsp before a call. call and ret
            // stay paired for the shadow stack.
            call {body}
            .if {words}
            lea rsp, [rsp + 8 * {words}]
            .endif
            5:
            // The body has brought rsp back to the header.
            mov r11, rsp
            // rsp returns to the calling stack, whichever thread this is: rbp is callee-saved.
            leave
            .cfi_def_cfa rsp, 8
            .cfi_restore rbp
            // SP is on the stack no more. The record below rsp is out of reach of signal
            // handlers, which leave 128 bytes there alone.
            mov qword ptr [r11], 0
            ret
            // An error if AFTER_CALL is shorter.
            .org 5b + 12
            23:
            // Called where the callback is asked for, so a landing pad as well.
            endbr64
            jmp {describe}
            // An error if DESCRIPTION_BYTES is less.
            .org 23b + 9
            // An unwinding out of the body goes on here: rsp and rbp are as after the call, and
            // rax is the exception. The stack is left idle, and the unwinder is called as if C
            // had called it.
            .cfi_restore_state
            .cfi_remember_state
            .cfi_def_cfa rbp, 16
            .cfi_offset rbp, -16
            // A landing pad, as the unwinder jumps here.
            endbr64
            .if {words}
            lea rsp, [rsp + 8 * {words}]
            .endif
            mov r11, rsp
            mov rdi, rax
            leave
            .cfi_def_cfa rsp, 8
            .cfi_restore rbp
            mov qword ptr [r11], 0
            jmp {resume}
            // The home is in use.
            .cfi_restore_state
            .cfi_remember_state
            .cfi_def_cfa rbp, 16
            .cfi_offset rbp, -16
            22:
            leave
            .cfi_def_cfa rsp, 8
            .cfi_restore rbp
            jmp {slow}
            .cfi_restore_state
            .endif
            ",
            $crate::fast::decide_elsewhere!(),
            "
            // The words are in the state of the thread, to which the value of our
            // thread-specific key leads, if it is one of ours.
            .if !{is_apple}
            8:
            mov rax, qword ptr [rip + ", $crate::fast::near!("location"), " + 8]
            test rax, rax
            jz 7b
            mov r10, qword ptr [rip + ", $crate::fast::near!("location"), " + 16]
            cmp r10, qword ptr fs:[rax - 8]
            jne 7b
            mov rax, qword ptr fs:[rax]
            test rax, rax
            jz 7b
            sub rax, qword ptr fs:[0]
            jmp 2b
            .endif
            .else
            jmp {slow}
            .endif
            .cfi_endproc
            // As much of each as can be on one line of the cache. Not in front: where functions
            // share a section, what fills the space would be a part of this one.
            .p2align 6
            ",
        )
    };
}
pub(crate) use assembly;
