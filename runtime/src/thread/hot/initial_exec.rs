//! x86_64 Linux with glibc: a variable of the initial-exec model, defined in assembly.

use core::arch::{asm, global_asm};

use super::Hot;
use crate::stack::NO_STACK;

/// Lends its mangled name, which is unique to this copy of the runtime, to the thread-local `<name>.tls`.
pub static HOT: u8 = 0;

/// The definition of the thread-local, for [`global_asm!`] and [`naked_asm!`](core::arch::naked_asm) with the operands `hot` and `no_stack`.
///
/// Every object file that reads the words holds it, and the linker keeps one in what it links. A Rust `dylib` with the runtime inside
/// does not export symbols that only the assembler knows: there the files outside get words of their own, which stay empty, so that
/// everything goes the general way. `.ifndef`, since an object file may hold many fronts.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_hot {
    () => {
        "
        .ifndef {hot}.tls
        .pushsection .tdata.{hot}.tls, \"awTG\", @progbits, {hot}.tls, comdat
        .weak {hot}.tls
        .hidden {hot}.tls
        .type {hot}.tls, @object
        .size {hot}.tls, 96
        .p2align 3
        {hot}.tls:
        .quad 0
        .quad 0
        .quad 0
        .quad 0
        .quad 0
        .quad {no_stack}
        .quad {no_stack}
        .quad {no_stack}
        .quad {no_stack}
        .quad 0
        .quad 0
        .quad 0
        .popsection
        .endif
        "
    };
}

global_asm!(crate::__guarded_callback_hot!(), hot = sym HOT, no_stack = sym NO_STACK);

const _: () = assert!(size_of::<Hot>() == 96);

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
