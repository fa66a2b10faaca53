//! POSIX systems: `sigaltstack(2)`, a system call that is async-signal-safe.

use core::cell::Cell;
use core::mem::zeroed;
use core::ptr;

use crate::bounds::{Source, StackBounds};
use crate::errno;

/// Linux since 4.7: the kernel itself disarms the stack while a handler runs, and then tells of none.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SS_AUTODISARM: libc::c_int = i32::MIN;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SS_AUTODISARM: libc::c_int = 0;

/// Some systems look at the size of a stack that is to be none.
const ACCEPTED_BYTES: usize = 64 * 1024;

/// Lowest address and length of the stack that handlers start on, as far as it needs [`Disarmed`]; zeros if there is none.
pub(crate) fn armed() -> (usize, usize) {
    let told = ask();
    if told.ss_flags & (libc::SS_DISABLE | SS_AUTODISARM) != 0 {
        return (0, 0);
    }
    (told.ss_sp as usize, told.ss_size)
}

/// The bounds of that stack, if `sp` lies on it.
pub(crate) fn bounds_at(sp: usize) -> Option<StackBounds> {
    let (low, bytes) = armed();
    (sp.wrapping_sub(low) < bytes).then(|| StackBounds::new(low, low + bytes, Source::Signal))
}

/// What the kernel tells of the calling thread's alternate stack.
pub(crate) fn ask() -> libc::stack_t {
    // SAFETY: only asks; a stack_t is plain data.
    unsafe {
        let mut told: libc::stack_t = zeroed();
        libc::sigaltstack(ptr::null(), &raw mut told);
        told
    }
}

/// What was the thread's alternate stack before a body was called from it.
#[derive(Debug)]
pub(crate) struct Disarmed {
    low: Cell<usize>,
    /// Zero if nothing is disarmed.
    bytes: Cell<usize>,
}

impl Disarmed {
    pub(crate) const fn nothing() -> Self {
        Self { low: Cell::new(0), bytes: Cell::new(0) }
    }

    /// Takes the alternate stack from the thread. SP is elsewhere, and no signal arrives: see [`Blocked`].
    pub(crate) fn disarm(&self) {
        // SAFETY: a stack_t is plain data, and one that says SS_DISABLE names no memory.
        unsafe {
            let (mut none, mut before): (libc::stack_t, libc::stack_t) = (zeroed(), zeroed());
            none.ss_flags = libc::SS_DISABLE;
            none.ss_size = ACCEPTED_BYTES;
            if libc::sigaltstack(&raw const none, &raw mut before) == 0 && before.ss_flags & libc::SS_DISABLE == 0 {
                self.low.set(before.ss_sp as usize);
                self.bytes.set(before.ss_size);
            }
        }
    }

    /// Gives it back when the body has ended, unless the body has set another. SP may be on it again: to the kernel it is nobody's yet.
    /// Whether there was anything to give back.
    pub(crate) fn rearm(&self) -> bool {
        let bytes = self.bytes.replace(0);
        if bytes == 0 {
            return false;
        }
        let errno = errno::get();
        if ask().ss_flags & libc::SS_DISABLE != 0 {
            // SAFETY: the memory is the stack of the handler that waits for this body, and was its alternate stack.
            unsafe {
                let mut before: libc::stack_t = zeroed();
                before.ss_sp = ptr::with_exposed_provenance_mut(self.low.get());
                before.ss_size = bytes;
                libc::sigaltstack(&raw const before, ptr::null_mut());
            }
        }
        errno::set(errno);
        true
    }

    /// The handler was jumped out of. As after such a jump with `SS_AUTODISARM` the thread stays without an alternate stack: whether the
    /// memory is still there only the program knows.
    pub(crate) fn forget(&self) {
        self.bytes.set(0);
    }
}

/// All signals are blocked: from before SP leaves the alternate stack until that is disarmed.
pub(crate) struct Blocked {
    before: Mask,
}

// The kernel's own type and call: the C library's has 128 bytes, of which a small alternate stack would hold two.
#[cfg(any(target_os = "linux", target_os = "android"))]
type Mask = [u64; if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 2 } else { 1 }];
#[cfg(not(any(target_os = "linux", target_os = "android")))]
type Mask = libc::sigset_t;

impl Blocked {
    pub(crate) fn all() -> Self {
        // SAFETY: a mask is plain data.
        let (mut all, mut before): (Mask, Mask) = unsafe { (zeroed(), zeroed()) };
        fill(&mut all);
        change(libc::SIG_BLOCK, &all, Some(&mut before));
        Self { before }
    }

    pub(crate) fn release(self) {
        change(libc::SIG_SETMASK, &self.before, None);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn fill(mask: &mut Mask) {
    mask.fill(u64::MAX);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn change(how: libc::c_int, mask: &Mask, before: Option<&mut Mask>) {
    let before = before.map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: masks of the size that is told; rt_sigprocmask(2) is async-signal-safe and fails for wrong arguments only.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, ptr::from_ref(mask), before, size_of::<Mask>()) };
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn fill(mask: &mut Mask) {
    // SAFETY: a valid mask.
    unsafe { libc::sigfillset(mask) };
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn change(how: libc::c_int, mask: &Mask, before: Option<&mut Mask>) {
    // SAFETY: valid masks; pthread_sigmask is async-signal-safe.
    unsafe { libc::pthread_sigmask(how, mask, before.map_or(ptr::null_mut(), ptr::from_mut)) };
}
