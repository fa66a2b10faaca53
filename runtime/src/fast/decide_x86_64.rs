//! What both calling conventions of x86_64 have in common: where a body runs, decided from this
//! thread's words, to which rax leads. r10 and r11 are free.

/// Where rax leads to the words from: the thread pointer, or nowhere, as it is their address.
#[cfg(not(any(target_vendor = "apple", windows)))]
macro_rules! segment {
    () => {
        "fs:"
    };
}
#[cfg(any(target_vendor = "apple", windows))]
macro_rules! segment {
    () => {
        ""
    };
}

/// In place when SP is on the home, with enough below: the home has at least ROOM.
#[rustfmt::skip] // Would break lines of assembly.
macro_rules! look_at_home {
    () => { concat!(
        ".if {needed} < {room}
        lea r10, [rsp + {room} - {needed}]
        sub r10, qword ptr ", $crate::fast::segment!(), "[rax + 24]
        cmp r10, {room} - {needed}
        jb {body}
        .endif"
    ) };
}

/// Jumps to the body where that runs in place, to 6 when SP is not on the thread stack, and to 7
/// when the slow path has to look. Goes on where the home is to be taken, if it is idle: r11 = its
/// header. C has left `$above` bytes between SP and the arguments that lie on the stack.
#[rustfmt::skip] // As above.
macro_rules! decide {
    ($above:literal) => {
        concat!(
            "
            .if {stays}
            .if {needed} == {usual}
            // In place when SP is on the thread stack, with enough below. r10 = how far above the
            // usual need it is, negative without room. The slow path notes the first time.
            mov r10, rsp
            sub r10, qword ptr ", $crate::fast::segment!(), "[rax + 32]
            cmp r10, qword ptr ", $crate::fast::segment!(), "[rax + 40]
            jb {body}
            // On the thread stack, but not to stay there? r10 = the room below SP.
            add r10, {usual}
            jnc 6f
            .else
            // The same for another need. Where the subtraction wraps around, the result is
            // negative: less than all addresses of user space are.
            lea r10, [rsp - {needed}]
            cmp r10, qword ptr ", $crate::fast::segment!(), "[rax]
            jl 4f
            cmp rsp, qword ptr ", $crate::fast::segment!(), "[rax + 48]
            jb {body}
            // Above, or on the thread stack for the first time.
            jmp 6f
            .endif
            .else
            ",
            $crate::fast::look_at_home!(),
            "
            .endif
            .if !{stays} || {needed} != {usual}
            4:
            mov r10, rsp
            sub r10, qword ptr ", $crate::fast::segment!(), "[rax]
            .endif
            cmp r10, qword ptr ", $crate::fast::segment!(), "[rax + 8]
            jae 6f
            .if {switches}
            .if {words}
            // What is copied lies on the stack.
            add r10, 8 * {words} + ", $above, "
            cmp r10, qword ptr ", $crate::fast::segment!(), "[rax + 8]
            ja 7f
            .endif
            mov r11, qword ptr ", $crate::fast::segment!(), "[rax + 16]
            // SP is not on the home, if that is idle.
            .if {needed} > {room}
            cmp qword ptr [r11 + 16], {needed}
            jb 7f
            .endif
            .endif
            "
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
            jmp {slow}
            "
        )
    };
}
pub(crate) use {decide, decide_elsewhere, look_at_home, segment};
