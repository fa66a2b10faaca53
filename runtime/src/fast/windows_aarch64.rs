//! aarch64, Windows: as in aarch64.rs, with unwind codes in place of call frame information.
//!
//! In place sp is left alone and the last instruction is a branch to the body: up to there, and
//! from there to the slow function, this is a leaf without unwind codes. What changes stacks has
//! them, and tells the system of both stacks as switch/windows/ does.

pub(super) use super::decide_aarch64::{
    COMPOSITE_REGISTERS, MOST_NEEDED_BYTES, RECORD_AT, REGISTERS, is_by_reference,
    registers_for_result,
};

/// The fast path. On entry: the arguments where C has put them, x30 = return address.
macro_rules! assembly {
    () => {
        concat!(
            "
            // bti c: a landing pad for processes that enforce them.
            hint #34
            .if {is_fast}
            // x16 = this thread's words.
            ",
            $crate::thread::tls::find_words!(),
            "
            ",
            $crate::fast::decide!(),
            "
            .if {switches}
            // All that the system is told of now has to lie above it: otherwise it could not grow.
            ldr x10, [x18, #0x10]
            cmp x9, x10
            b.hi 7f
            .seh_proc {this}
            .seh_handler {personality}, @unwind, @except
            stp x29, x30, [sp, #-32]!
            .seh_save_fplr_x 32
            mov x29, sp
            // From here on the frame is found through x29, wherever sp is.
            .seh_set_fp
            .seh_endprologue
            ",
            $crate::fast::claim!(),
            "
            adrp x11, {describe}
            add x11, x11, :lo12:{describe}
            str x11, [x9, #8]
            // Nothing unwinds this activation yet.
            strb wzr, [x9, #({other} + 40)]
            // What the system was told of the calling stack is kept.
            ldp x11, x12, [x18, #8]
            stp x11, x12, [x9, #{other}]
            ldr x11, [x18, #0x1478]
            ldr w12, [x18, #0x1748]
            stp x11, x12, [x9, #({other} + 16)]
            // With this limit the fields cover both stacks. The rest of them is told where it is
            // true: the slow path corrects what does not belong to the stack that SP is on.
            ldr x11, [x9, #({own} + 8)]
            str x11, [x18, #0x10]
            ",
            $crate::fast::move_to_home!(
                "ldp x11, x12, [x9, #({own} + 16)]
                str x11, [x18, #0x1478]
                str w12, [x18, #0x1748]"
            ),
            "
            // bl and ret stay paired for shadow stacks.
            bl {body}
            // The body has brought sp back to the arguments.
            add x9, sp, #(8 * {words})
            // sp returns to the calling stack, whichever thread this is: x29 is callee-saved.
            mov sp, x29
            // The kernel may have grown the home, if the system was told of that until now.
            ldr x10, [x18, #0x1478]
            ldr x11, [x9, #({own} + 16)]
            cmp x10, x11
            b.ne 5f
            ldr x10, [x18, #0x10]
            str x10, [x9, #({own} + 8)]
            5:
            ldp x10, x11, [x9, #{other}]
            stp x10, x11, [x18, #8]
            ldp x10, x11, [x9, #({other} + 16)]
            str x10, [x18, #0x1478]
            str w11, [x18, #0x1748]
            // SP is on the stack no more. Release: the frames of the body come before the next use
            // of the stack.
            stlr xzr, [x9]
            .seh_startepilogue
            ldp x29, x30, [sp], #32
            .seh_save_fplr_x 32
            .seh_endepilogue
            ret
            // The home is in use, or that cannot be told.
            22:
            .seh_startepilogue
            ldp x29, x30, [sp], #32
            .seh_save_fplr_x 32
            .seh_endepilogue
            b {slow}
            .seh_endproc
            .endif
            ",
            $crate::fast::decide_elsewhere!(),
            "
            .else
            b {slow}
            .endif
            // As much of it as can be on one line of the cache.
            .p2align 5
            ",
        )
    };
}
pub(crate) use assembly;
