//! By sigaltstack(2).

use core::mem::zeroed;
use core::ops::Range;
use core::ptr;

/// What `sigaltstack(2)` tells of the calling thread, and takes.
#[derive(Clone, Copy)]
pub(crate) struct Setting(libc::stack_t);

/// What stands for flags that the system does not tell, in a sandbox.
const SECRET: libc::c_int = -1;

/// Asks. One system call, async-signal-safe.
pub(crate) fn current() -> Setting {
    // SAFETY: only asks; a stack_t is plain data.
    unsafe {
        let mut reported: libc::stack_t = zeroed();
        if call(ptr::null(), &raw mut reported) != 0 {
            reported.ss_flags = SECRET;
        }
        Setting(reported)
    }
}

impl Setting {
    pub(crate) fn new(range: &Range<usize>) -> Self {
        // SAFETY: a stack_t is plain data.
        let mut setting: libc::stack_t = unsafe { zeroed() };
        setting.ss_sp = ptr::with_exposed_provenance_mut(range.start);
        setting.ss_size = range.end - range.start;
        Self(setting)
    }

    /// No alternate stack.
    pub(crate) fn none() -> Self {
        // Some systems look at the size all the same.
        let mut setting = Self::new(&(0..64 * 1024));
        setting.0.ss_flags = libc::SS_DISABLE;
        setting
    }

    /// Where the stack lies; `None` where there is none, or the kernel has put it out of force
    /// while a handler runs on it (`SS_AUTODISARM`).
    pub(crate) fn range(&self) -> Option<Range<usize>> {
        let low = self.0.ss_sp.addr();
        let is_there = self.0.ss_flags & libc::SS_DISABLE == 0 && self.0.ss_size != 0;
        // The kernel takes any size.
        is_there.then(|| low..low.saturating_add(self.0.ss_size))
    }

    /// Whether the system has told.
    pub(crate) fn is_told(&self) -> bool {
        self.0.ss_flags != SECRET
    }

    /// Whether the kernel puts it out of force while a handler runs on it.
    pub(crate) fn disarms(&self) -> bool {
        const SS_AUTODISARM: libc::c_int = 1 << 31;
        let has_it = cfg!(any(target_os = "linux", target_os = "android"));
        has_it && self.0.ss_flags & SS_AUTODISARM != 0
    }

    /// Puts the setting in force. False when the kernel refuses, because SP is on the stack
    /// that is in force now.
    ///
    /// # Safety
    /// The memory is there and stays for as long as the setting is in force.
    pub(crate) unsafe fn set(&self) -> bool {
        let mut setting = self.0;
        // What the kernel tells of the moment is not to be set.
        setting.ss_flags &= !libc::SS_ONSTACK;
        // SAFETY: a valid stack_t, and the caller's promise.
        unsafe { call(&raw const setting, ptr::null_mut()) == 0 }
    }
}

// Not through the function of the C library, which a sanitizer or a program may intercept.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn call(new: *const libc::stack_t, old: *mut libc::stack_t) -> libc::c_int {
    let before = crate::errno::get();
    // SAFETY: the caller passes null or valid pointers.
    let result = unsafe { libc::syscall(libc::SYS_sigaltstack, new, old) } as libc::c_int;
    // Only then: a handler may have carried the caller to another thread, and the compiler has
    // remembered where errno was.
    if result != 0 {
        crate::errno::set(before);
    }
    result
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::sigaltstack as call;
