//! x86_64, Microsoft's calling convention.
//!
//! ```text
//!  calling stack                                system stack
//!  | 32 bytes for the callee |                  | header                  |
//!  | return address into C   |                  | 32 bytes for the callee | <- rsp while the body
//!  | saved rbp               | <- rbp           | return address          |    is called
//!  | header                  | <- header.calling| frames of body          |
//!  |                         |                  |           v             |
//! ```
//!
//! The word below rbp is the activation's [`Record`](crate::stack::Record). Free to use at the
//! entry of a C function, and so used here, are rax, r10 and r11; rcx, rdx, r8, r9 and xmm0 to xmm3
//! carry the arguments. Nothing below rsp is safe.
//!
//! In place rsp is left alone and the last instruction is a jump into the body: up to there, and
//! from there to the slow function, this is a leaf without unwind codes. What changes stacks has
//! them, and tells the system of both stacks as switch/windows/ does.

/// What fits into an instruction.
pub(super) const MOST_NEEDED_BYTES: usize = 1 << 30;

/// rsp is at the record when it leaves the calling stack. (At the entry of a function rsp is 8
/// above a multiple of 16; rbp and then the record are pushed.)
pub(super) const RECORD_AT: usize = 0;

/// The first four arguments, of whatever kind.
pub(super) const REGISTERS: usize = 4;

/// What has the size of a register travels in one.
pub(super) const COMPOSITE_REGISTERS: usize = 1;

/// The address of a result that travels in memory is one more argument.
pub(super) const fn registers_for_result(bytes: usize, align: usize) -> usize {
    is_by_reference(bytes, align) as usize
}

/// What does not have the size of a register lies in memory of the caller's.
pub(super) const fn is_by_reference(bytes: usize, _align: usize) -> bool {
    !matches!(bytes, 1 | 2 | 4 | 8)
}

/// The fast path. On entry: the arguments where C has put them, [rsp] = return address.
macro_rules! assembly {
    () => {
        concat!(
            "
            // As much of it as can be on one line of the cache.
            .p2align 5
            .if {is_fast}
            // rax = this thread's words.
            ",
            $crate::thread::tls::find_words!(),
            "
            ",
            $crate::fast::decide!(40),
            "
            .if {switches}
            // All that the system is told of now has to lie above it: otherwise it could not grow.
            cmp r11, qword ptr gs:[0x10]
            ja 7f
            .seh_proc {this}
            .seh_handler {personality}, @unwind
            push rbp
            .seh_pushreg rbp
            mov rbp, rsp
            // From here on the frame is found through rbp, wherever rsp is.
            .seh_setframe rbp, 0
            // The record of this activation.
            push r11
            .seh_stackalloc 8
            .seh_endprologue
            // Idle, and then in use: by one instruction, as an APC in between may suspend this
            // context while others take the stack. No lock: see fast/x86_64.rs.
            xor eax, eax
            cmpxchg qword ptr [r11], rsp
            jne 22f
            lea r10, [rip + {describe}]
            mov qword ptr [r11 + 8], r10
            // Nothing unwinds this activation yet.
            mov byte ptr [r11 + {other} + 40], 0
            // What the system was told of the calling stack is kept. Base and limit lie side by
            // side; xmm5 carries nothing.
            movups xmm5, xmmword ptr gs:[8]
            movups xmmword ptr [r11 + {other}], xmm5
            mov r10, qword ptr gs:[0x1478]
            mov qword ptr [r11 + {other} + 16], r10
            mov r10d, dword ptr gs:[0x1748]
            mov qword ptr [r11 + {other} + 24], r10
            // With this limit the fields cover both stacks. The rest of them is told where it is
            // true: the slow path corrects what does not belong to the stack that SP is on.
            mov r10, qword ptr [r11 + {own} + 8]
            mov qword ptr gs:[0x10], r10
            .if {words}
            mov rsp, r11
            .else
            lea rsp, [r11 - 32]
            .endif
            mov r10, qword ptr [r11 + {own} + 16]
            mov qword ptr gs:[0x1478], r10
            mov r10d, dword ptr [r11 + {own} + 24]
            mov dword ptr gs:[0x1748], r10d
            .if {words}
            // The arguments, an even number of words, so that rsp stays aligned to 16.
            .set .Lguarded_callback_at, 48 + 8 * {words}
            .rept {words}
            .set .Lguarded_callback_at, .Lguarded_callback_at - 8
            push qword ptr [rbp + .Lguarded_callback_at]
            .endr
            sub rsp, 32
            .endif
            // The header is aligned to 64, as the ABI wants rsp before a call. call and ret
            // stay paired for the shadow stack.
            call {body}
            // The body has brought rsp back.
            lea r11, [rsp + 32 + 8 * {words}]
            // rsp returns to the calling stack, whichever thread this is: rbp is callee-saved.
            lea rsp, [rbp - 8]
            // The kernel may have grown the home, if the system was told of that until now.
            mov r10, qword ptr gs:[0x1478]
            cmp r10, qword ptr [r11 + {own} + 16]
            jne 5f
            mov r10, qword ptr gs:[0x10]
            mov qword ptr [r11 + {own} + 8], r10
            5:
            movups xmm5, xmmword ptr [r11 + {other}]
            movups xmmword ptr gs:[8], xmm5
            mov r10, qword ptr [r11 + {other} + 16]
            mov qword ptr gs:[0x1478], r10
            mov r10d, dword ptr [r11 + {other} + 24]
            mov dword ptr gs:[0x1748], r10d
            // SP is on the stack no more.
            mov qword ptr [r11], 0
            // What unwinders know for the end of a function.
            add rsp, 8
            pop rbp
            ret
            // The home is in use.
            22:
            add rsp, 8
            pop rbp
            jmp {slow}
            .seh_endproc
            .endif
            ",
            $crate::fast::decide_elsewhere!(),
            "
            .else
            jmp {slow}
            .endif
            ",
        )
    };
}
pub(crate) use assembly;
