//! x86_64 Linux with glibc: a variable of the initial-exec model, defined in assembly.

use core::arch::{asm, global_asm};

use super::Hot;
use crate::stack::NO_STACK;

/// Lends its mangled name, which is unique to this copy of the runtime, to the thread-local `<name>.tls`.
static HOT: u8 = 0;

global_asm!(
    ".pushsection .tdata.{hot}.tls, \"awT\", @progbits",
    ".globl {hot}.tls",
    ".hidden {hot}.tls",
    ".type {hot}.tls, @object",
    ".size {hot}.tls, 32",
    ".p2align 3",
    "{hot}.tls:",
    // An empty thread stack, and twice the stack that is never idle.
    ".quad 0",
    ".quad 0",
    ".quad {no_stack}",
    ".quad {no_stack}",
    ".popsection",
    hot = sym HOT,
    no_stack = sym NO_STACK,
);

/// The calling thread's words. Never remembered across a call: a coroutine may carry the caller to another thread.
#[inline(always)]
pub(crate) fn hot() -> *const Hot {
    let address;
    // SAFETY: reads the offset that the loader has put into the GOT and the thread pointer at fs:0; not `pure`, so that
    // two reads stay two.
    unsafe {
        asm!(
            "mov {address}, qword ptr fs:[0]",
            "add {address}, qword ptr [rip + {hot}.tls@GOTTPOFF]",
            address = out(reg) address,
            hot = sym HOT,
            options(nostack, readonly),
        );
    }
    address
}
