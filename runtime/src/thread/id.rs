//! The numbers of threads that debuggers and tools show.

use crate::cfg_if::cfg_if;

/// The number of the calling thread; of the process where threads have none. Async-signal-safe.
pub(crate) fn current() -> u64 {
    // SAFETY: no preconditions.
    u64::try_from(unsafe { number() }).unwrap_or(0)
}

cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "android"))] {
        unsafe fn number() -> libc::c_long {
            // SAFETY: no preconditions.
            unsafe { libc::syscall(libc::SYS_gettid) }
        }
    } else if #[cfg(target_vendor = "apple")] {
        unsafe fn number() -> u64 {
            let mut id = 0;
            // SAFETY: zero is the calling thread, and `id` is valid for writes.
            unsafe { libc::pthread_threadid_np(0, &raw mut id) };
            id
        }
    } else if #[cfg(target_os = "freebsd")] {
        use libc::pthread_getthreadid_np as number;
    } else if #[cfg(target_os = "netbsd")] {
        use libc::_lwp_self as number;
    } else if #[cfg(target_os = "openbsd")] {
        use libc::getthrid as number;
    } else if #[cfg(unix)] {
        use libc::getpid as number;
    } else if #[cfg(windows)] {
        use windows_sys::Win32::System::Threading::GetCurrentThreadId as number;
    } else {
        unsafe fn number() -> u64 {
            0
        }
    }
}

/// Whether no thread of this process has that number any more. A number that was given to another
/// thread since answers no.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn has_ended(id: u64) -> bool {
    let Ok(id) = libc::pid_t::try_from(id) else { return false };
    // SAFETY: signal zero is not sent; the call only tells whether it could be.
    let failed = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, 0) } != 0;
    failed && crate::errno::get() == libc::ESRCH
}

/// As above. A thread that somebody keeps a handle of is known until that is closed.
#[cfg(windows)]
pub(crate) fn has_ended(id: u64) -> bool {
    use windows_sys::Win32::Foundation::{
        CloseHandle, ERROR_INVALID_PARAMETER, GetLastError, WAIT_OBJECT_0,
    };
    use windows_sys::Win32::System::Threading::{
        OpenThread, THREAD_SYNCHRONIZE, WaitForSingleObject,
    };
    let Ok(id) = u32::try_from(id) else { return false };
    // SAFETY: the handle is only waited for, without waiting, and closed.
    unsafe {
        let handle = OpenThread(THREAD_SYNCHRONIZE, 0, id);
        if handle.is_null() {
            return GetLastError() == ERROR_INVALID_PARAMETER;
        }
        let has_ended = WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
        CloseHandle(handle);
        has_ended
    }
}

/// As above. macOS never gives a number to another thread. Apple's other systems have no public
/// function for it.
#[cfg(target_os = "macos")]
pub(crate) fn has_ended(id: u64) -> bool {
    /// `PROC_PIDTHREADID64INFO` of sys/proc_info.h: about the thread with that number.
    const ABOUT_THREAD: libc::c_int = 15;
    // `struct proc_threadinfo`, of which nothing is looked at.
    let mut info = [0_u64; 14];
    let bytes = size_of_val(&info) as libc::c_int;
    // SAFETY: there is room for the answer.
    let reported = unsafe {
        libc::proc_pidinfo(libc::getpid(), ABOUT_THREAD, id, info.as_mut_ptr().cast(), bytes)
    };
    reported <= 0 && crate::errno::get() == libc::ESRCH
}

/// The others cannot be asked.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
pub(crate) fn has_ended(_id: u64) -> bool {
    false
}
