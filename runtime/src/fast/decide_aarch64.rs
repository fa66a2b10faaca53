//! What all systems on aarch64 have in common: which arguments travel in registers, where a body
//! runs, decided from this thread's words, to which x16 leads, and how it gets there. x9 to x15 are
//! free.

/// What fits into two instructions.
pub(super) const MOST_NEEDED_BYTES: usize = (1 << 24) - 1;

/// sp is at the saved x29 when it leaves the calling stack.
pub(super) const RECORD_AT: usize = 24;

/// Eight for integers, and eight for floating-point numbers.
pub(super) const REGISTERS: usize = 8;

/// Up to four floating-point numbers, or two words behind a register that is left out.
pub(super) const COMPOSITE_REGISTERS: usize = 4;

/// The address of a result that travels in memory has a register of its own.
pub(super) const fn registers_for_result(_bytes: usize, _align: usize) -> usize {
    0
}

/// The largest structures that are passed by value are four numbers of 8 bytes, or of 16.
pub(super) const fn is_by_reference(bytes: usize, align: usize) -> bool {
    bytes > 64 || bytes > 32 && align <= 8
}

/// In place when SP is on the home, with enough below: the home has at least ROOM, of which whole
/// pages are counted here. x9 = header of the home.
macro_rules! look_at_home {
    () => {
        "ldp x9, x10, [x16, #16]
        .if ({room} - {needed}) / 4096 > 0 && {needed} < {room}
        // The distance to the header, negative on the home.
        sub x11, sp, x10
        // Carry: sp lies below the header, and no further than that.
        cmn x11, #(({room} - {needed}) / 4096), lsl #12
        b.lo 25f
        b {body}
        25:
        .endif"
    };
}

/// Jumps to the body where that runs in place, to 6 when SP is not on the thread stack, and to 7
/// when the slow path has to look. Goes on where the home is to be taken, if it is idle: x9 = its
/// header.
#[rustfmt::skip] // Would break lines of assembly.
macro_rules! decide {
    () => {
        concat!(
            "
            .if {stays}
            // In place when SP is on the thread stack, with enough below; the slow path notes the
            // first time. x11 = how far above the usual need SP is.
            ldp x9, x10, [x16, #32]
            sub x11, sp, x9
            .if {needed} > {usual}
            sub x12, x11, #(({needed} - {usual}) >> 12), lsl #12
            subs x12, x12, #(({needed} - {usual}) & 4095)
            b.mi 4f
            .endif
            cmp x11, x10
            b.hs 4f
            b {body}
            .else
            ",
            $crate::fast::look_at_home!(),
            "
            .endif
            // On the thread stack, but not to stay there? x12 = the room below SP.
            4:
            ldp x10, x11, [x16]
            sub x12, sp, x10
            cmp x12, x11
            b.hs 6f
            .if {stays}
            sub x13, x12, #({needed} >> 12), lsl #12
            subs x13, x13, #({needed} & 4095)
            b.pl 24f
            .endif
            .if {switches}
            .if {words}
            // What is copied below lies on the stack.
            add x12, x12, #(8 * {words})
            cmp x12, x11
            b.hi 7f
            .endif
            .if {stays}
            ldr x9, [x16, #16]
            .endif
            // The home is to be taken, when it is idle: then SP is not on it. It lies below the
            // calling stack.
            .if {needed} > {room}
            ldr x10, [x9, #16]
            sub x10, x10, #({needed} >> 12), lsl #12
            subs x10, x10, #({needed} & 4095)
            b.mi 7f
            .endif
            .endif
            "
        )
    };
}

/// Takes the home, to whose header x9 leads, for the activation whose frame begins at sp. Goes to
/// 22 when it is in use, or that cannot be told.
macro_rules! claim {
    () => {
        "// The record of this activation.
        str x9, [sp, #24]
        add x10, sp, #24
        // Idle, and then in use: fails when a handler came between, which may suspend this context
        // while others take the stack. Acquire: another thread may have ended an activation there.
        ldaxr x11, [x9]
        cbnz x11, 22f
        stxr w11, x10, [x9]
        cbnz w11, 22f"
    };
}

/// Moves sp to the home, and copies the arguments there. `$tell` is what the system is to be told
/// in between.
macro_rules! move_to_home {
    ($tell:literal) => {
        concat!(
            ".if {words}
            // The arguments, an even number of words, so that sp is aligned to 16.
            sub x13, x9, #(8 * {words})
            mov sp, x13
            .else
            // The header is aligned to 64.
            mov sp, x9
            .endif
            ",
            $tell,
            "
            .if {words}
            add x12, x29, #32
            .rept {words} / 2
            ldp x10, x11, [x12], #16
            stp x10, x11, [x13], #16
            .endr
            .endif"
        )
    };
}

/// Where `decide` goes on when the home is not to be taken.
macro_rules! decide_elsewhere {
    () => {
        concat!(
            "
            // Not on the thread stack.
            6:
            .if {stays}
            ",
            $crate::fast::look_at_home!(),
            "
            .endif
            7:
            b {slow}
            // With room on the thread stack, less than usual, or the first time.
            24:
            ldr x13, [x16, #48]
            cmp sp, x13
            b.hs 7b
            b {body}
            "
        )
    };
}
pub(crate) use {claim, decide, decide_elsewhere, look_at_home, move_to_home};
