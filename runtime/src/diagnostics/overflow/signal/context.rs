//! SP where the signal arrived, from the context that the kernel passes to a handler.

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
const APPLE: bool = cfg!(target_vendor = "apple");
const FREEBSD: bool = cfg!(target_os = "freebsd");

const X86_64: bool = cfg!(all(target_arch = "x86_64", target_pointer_width = "64"));
const X86: bool = cfg!(target_arch = "x86");
const AARCH64: bool = cfg!(all(target_arch = "aarch64", target_pointer_width = "64"));

/// Where SP lies in the `ucontext_t`.
///
/// The kernel of Linux lays it out (asm/ucontext.h and asm/sigcontext.h of each architecture), so
/// that it is the same for every C library; the libc crate does not know it for all of them. Flags,
/// a link and a stack_t come first: 20 bytes with 32 bits, 40 with 64. Then the registers, or 128
/// bytes of signal mask before them.
///
/// On Apple's systems it is in the registers that the context points to (mach/i386/_structs.h,
/// mach/arm/_structs.h): 16 bytes of what the fault was, and seven registers before rsp, or x0 to
/// x30. FreeBSD (sys/x86/include/ucontext.h) has 16 bytes of signal mask, then the registers, 23
/// words before rsp and 18 before esp.
const SP_AT: Option<usize> = first(&[
    // x32 has other words.
    (LINUX && X86_64, 40 + 15 * 8),
    (LINUX && X86, 20 + 7 * 4),
    // The trap, its code, the old mask, and r0 to r12.
    (LINUX && cfg!(target_arch = "arm"), 20 + 16 * 4),
    // Aligned to 16 after the mask; the address of the fault, and x0 to x30.
    (LINUX && AARCH64, 176 + 8 + 31 * 8),
    // Aligned to 16 as well; pc and ra.
    (LINUX && cfg!(target_arch = "riscv64"), 176 + 2 * 8),
    // The mask and the address of the program, and r0 to r14.
    (LINUX && cfg!(target_arch = "s390x"), 40 + 16 + 15 * 8),
    // After the mask eight words of other things, and r0. The big-endian kernel has the same.
    (LINUX && cfg!(target_arch = "powerpc64"), 168 + 8 * 8 + 8),
    // Aligned to 16; pc, and r0 to r2.
    (LINUX && cfg!(target_arch = "loongarch64"), 176 + 8 + 3 * 8),
    (APPLE && X86_64, 16 + 7 * 8),
    (APPLE && AARCH64, 16 + 31 * 8),
    (FREEBSD && X86_64, 16 + 23 * 8),
    (FREEBSD && X86, 16 + 18 * 4),
]);

/// The offset whose condition holds.
const fn first(offsets: &[(bool, usize)]) -> Option<usize> {
    match offsets {
        [] => None,
        [(true, offset), ..] => Some(*offset),
        [_, others @ ..] => first(others),
    }
}

/// SP where the signal arrived, on the systems whose contexts are read here.
///
/// # Safety
/// `context` is what the kernel passed to a handler that was installed with SA_SIGINFO.
pub(super) unsafe fn interrupted_sp(context: *mut libc::c_void) -> Option<usize> {
    // After two words of 32 bits, a stack_t, a link and a size.
    #[cfg(target_vendor = "apple")]
    // SAFETY: the kernel wrote a pointer to the registers there.
    let context = unsafe { context.byte_add(48).cast::<*mut libc::c_void>().read() };
    // SAFETY: the kernel wrote a register there, which is as wide as an address and aligned as one.
    SP_AT.map(|offset| unsafe { context.byte_add(offset).cast::<usize>().read() })
}
