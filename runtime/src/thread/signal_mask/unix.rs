//! By rt_sigprocmask(2) on Linux, and pthread_sigmask(3) elsewhere.

use core::mem::zeroed;
use core::ptr;

// The kernel's own type and call: the C library's mask has 128 bytes, of which a small stack
// would hold two, and its call may be intercepted.
#[cfg(any(target_os = "linux", target_os = "android"))]
type Mask = [u64; 1];
#[cfg(not(any(target_os = "linux", target_os = "android")))]
type Mask = libc::sigset_t;

const UNBLOCKED: [libc::c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGSYS, libc::SIGTRAP];

/// Blocks the signals from its making on; dropped, it restores the mask that was there.
pub(crate) struct Blocked {
    before: Mask,
}

impl Blocked {
    #[inline]
    pub(crate) fn all() -> Self {
        // SAFETY: a mask is plain data.
        let mut before: Mask = unsafe { zeroed() };
        change(libc::SIG_BLOCK, &full(), &raw mut before);
        Self { before }
    }

    /// Whether any signal was blocked before.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn any_before(&self) -> bool {
        self.before != [0]
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn any_before(&self) -> bool {
        // SAFETY: a valid mask, and numbers of signals.
        (1..32).any(|signal| unsafe { libc::sigismember(&raw const self.before, signal) } == 1)
    }

    /// Lets signals through again as before, until [`block_again`](Self::block_again).
    pub(crate) fn unblock(&self) {
        change(libc::SIG_SETMASK, &self.before, ptr::null_mut());
    }

    /// Blocks all signals again, and notes the mask of this moment as the one to restore.
    pub(crate) fn block_again(&mut self) {
        change(libc::SIG_BLOCK, &full(), &raw mut self.before);
    }
}

impl Drop for Blocked {
    #[inline]
    fn drop(&mut self) {
        self.unblock();
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn full() -> Mask {
    [UNBLOCKED.iter().fold(u64::MAX, |mask, signal| mask & !(1 << (signal - 1)))]
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn change(how: libc::c_int, mask: &Mask, before: *mut Mask) {
    // SAFETY: masks of the size that is told; rt_sigprocmask(2) is async-signal-safe and fails
    // for wrong arguments only, so that it leaves errno alone.
    unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, how, mask, before, size_of::<Mask>());
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn full() -> Mask {
    // SAFETY: a mask is plain data, and `all` is valid for writes.
    unsafe {
        let mut all: Mask = zeroed();
        libc::sigfillset(&raw mut all);
        UNBLOCKED.iter().for_each(|&signal| _ = libc::sigdelset(&raw mut all, signal));
        all
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn change(how: libc::c_int, mask: &Mask, before: *mut Mask) {
    // SAFETY: valid masks; pthread_sigmask is async-signal-safe.
    unsafe { libc::pthread_sigmask(how, mask, before) };
}
