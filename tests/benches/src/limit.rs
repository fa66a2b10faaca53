//! What is possible at best: the check, and the switch, as a person would write them in assembly
//! for one callback, with the arguments left in their registers and thread-locals of the
//! initial-exec model. No first use, no nesting, no unwinding, no report.

#![cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    allow(dead_code, reason = "for the target that the assembly is of")
)]

use core::cell::UnsafeCell;
use core::mem::offset_of;

use crate::peers::STACK_BYTES;

/// What stands at the high end of the one stack.
#[repr(C, align(64))]
pub(crate) struct End {
    /// SP of the host, zero when nobody is on the stack.
    pub(crate) host: usize,
}

const _: () = assert!(offset_of!(End, host) == 0);

#[repr(C, align(4096))]
pub(crate) struct Memory {
    stack: UnsafeCell<[u8; STACK_BYTES]>,
    pub(crate) end: UnsafeCell<End>,
}

// SAFETY: used by one callback at a time, as the memory of peers.rs.
unsafe impl Sync for Memory {}

pub(crate) static MEMORY: Memory =
    Memory { stack: UnsafeCell::new([0; STACK_BYTES]), end: UnsafeCell::new(End { host: 0 }) };

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
core::arch::global_asm!(
    // Bounds that every SP is within, and the end of the one stack.
    ".pushsection .tdata.benches_limit, \"awT\", @progbits",
    ".hidden benches_limit_words",
    ".globl benches_limit_words",
    ".type benches_limit_words, @object",
    ".size benches_limit_words, 24",
    ".p2align 3",
    "benches_limit_words:",
    ".quad 0",
    ".quad -1",
    ".quad {memory} + {end}",
    ".popsection",
    memory = sym MEMORY,
    end = const offset_of!(Memory, end),
);

/// Defines `fn $name() -> Option<Function>`: `$plain` behind a check.
macro_rules! limit_check {
    ($name:ident, $plain:ident, ($($arg:ident: $type:ty),*) -> $result:ty) => {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        fn $name() -> Option<Function> {
            #[unsafe(naked)]
            extern "C" fn check($(_: $type),*) -> $result {
                core::arch::naked_asm!(
                    "mov r11, qword ptr [rip + benches_limit_words@GOTTPOFF]",
                    "mov rax, rsp",
                    "sub rax, qword ptr fs:[r11]",
                    "cmp rax, qword ptr fs:[r11 + 8]",
                    // The arguments are where C has put them.
                    "jb {plain}",
                    "ud2",
                    plain = sym $plain,
                )
            }
            Some(check as Function)
        }
        #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
        fn $name() -> Option<Function> {
            None
        }
    };
}

/// Defines `fn $name() -> Option<Function>`: `$plain` called on the one stack.
macro_rules! limit_switch {
    ($name:ident, $plain:ident, ($($arg:ident: $type:ty),*) -> $result:ty) => {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        fn $name() -> Option<Function> {
            #[unsafe(naked)]
            extern "C" fn switch($(_: $type),*) -> $result {
                core::arch::naked_asm!(
                    "mov r11, qword ptr [rip + benches_limit_words@GOTTPOFF]",
                    "mov r10, qword ptr fs:[r11 + 16]",
                    // Somebody on that stack, this function among others?
                    "cmp qword ptr [r10], 0",
                    "jne 2f",
                    "push rbp",
                    "mov rbp, rsp",
                    "mov qword ptr [r10], rsp",
                    "mov rsp, r10",
                    "call {plain}",
                    // rsp is at the end of the stack again.
                    "mov qword ptr [rsp], 0",
                    "mov rsp, rbp",
                    "pop rbp",
                    "ret",
                    "2:",
                    "ud2",
                    plain = sym $plain,
                )
            }
            Some(switch as Function)
        }
        #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
        fn $name() -> Option<Function> {
            None
        }
    };
}

pub(crate) use {limit_check, limit_switch};
