//! What the kernel tells a handler of the registers that the signal found.

/// Where SP lies in the `ucontext_t` that Linux passes to a handler with SA_SIGINFO. The kernel lays it out (asm/ucontext.h and
/// asm/sigcontext.h of each architecture), so that it is the same for every C library; the libc crate does not know it for all of them.
/// Flags, a link and a stack_t come first: 20 bytes with 32 bits, 40 with 64. Then the registers, or 128 bytes of signal mask before them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SP_AT: Option<usize> = cfg_select! {
    // x32 has other words.
    all(target_arch = "x86_64", target_pointer_width = "64") => Some(40 + 15 * 8),
    target_arch = "x86" => Some(20 + 7 * 4),
    // The trap, its code, the old mask, and r0 to r12.
    target_arch = "arm" => Some(20 + 16 * 4),
    // Aligned to 16 after the mask; the address of the fault, and x0 to x30.
    all(target_arch = "aarch64", target_pointer_width = "64") => Some(176 + 8 + 31 * 8),
    // Aligned to 16 as well; pc and ra.
    target_arch = "riscv64" => Some(176 + 2 * 8),
    // The mask and the address of the program, and r0 to r14.
    target_arch = "s390x" => Some(40 + 16 + 15 * 8),
    // After the mask eight words of other things, and r0. The big-endian kernel has the same.
    target_arch = "powerpc64" => Some(168 + 8 * 8 + 8),
    // Aligned to 16; pc, and r0 to r2.
    target_arch = "loongarch64" => Some(176 + 8 + 3 * 8),
    _ => None,
};

/// The same on Apple's systems, in the registers that the context points to (mach/i386/_structs.h, mach/arm/_structs.h): what the fault
/// was in 16 bytes, and seven registers before rsp, or x0 to x30.
#[cfg(target_vendor = "apple")]
const SP_AT: Option<usize> = cfg_select! {
    target_arch = "x86_64" => Some(16 + 7 * 8),
    all(target_arch = "aarch64", target_pointer_width = "64") => Some(16 + 31 * 8),
    _ => None,
};

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
const SP_AT: Option<usize> = None;

/// Where Apple's context has the pointer to the registers: after two words of 32 bits, a stack_t, a link and a size.
#[cfg(target_vendor = "apple")]
const REGISTERS_AT: usize = 48;

/// SP where the signal arrived, on the systems whose contexts we read.
///
/// # Safety
/// `context` is what the kernel passed to a handler that was installed with SA_SIGINFO.
pub(super) unsafe fn interrupted_sp(context: *mut libc::c_void) -> Option<usize> {
    #[cfg(target_vendor = "apple")]
    // SAFETY: the caller's promise: the kernel wrote a pointer to the registers there.
    let context = unsafe { context.byte_add(REGISTERS_AT).cast::<*mut libc::c_void>().read() };
    // SAFETY: the caller's promise: the kernel wrote a register there, which is as wide as an address and aligned as one.
    SP_AT.map(|offset| unsafe { context.byte_add(offset).cast::<usize>().read() })
}

#[cfg(all(test, any(target_os = "linux", target_os = "android", target_vendor = "apple"), not(miri)))]
mod tests {
    use core::mem::zeroed;
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static SEEN: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn notes_sp(_signal: libc::c_int, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: as the kernel passed it.
        SEEN.store(unsafe { super::interrupted_sp(context) }.unwrap_or(0), Relaxed);
    }

    #[test]
    fn sp_is_read_from_a_wrong_place() {
        let local = 0_u8;
        let here = core::hint::black_box(&raw const local).addr();
        // SAFETY: the handler is async-signal-safe; nobody else uses this signal.
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = notes_sp as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(libc::SIGWINCH, &raw const action, core::ptr::null_mut()), 0);
            assert_eq!(libc::raise(libc::SIGWINCH), 0);
        }
        // `raise` has frames of its own below this one.
        assert!(here.wrapping_sub(SEEN.load(Relaxed)) < 16 * 1024, "{:#x} seen at {here:#x}", SEEN.load(Relaxed));
    }
}
