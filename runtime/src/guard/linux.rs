//! Linux (glibc and musl) and Android.
//!
//! Threads made by the C library: `pthread_getattr_np` is exact. Main thread: it grows on demand, so its end is a matter of
//! the resource limit, and the C libraries differ (glibc parses /proc/self/maps in 31 us and fails without /proc; musl tells only the
//! extent of the moment). So the main thread is computed here, from what the kernel left at the top of its stack.

use core::mem::MaybeUninit;

use crate::bounds::{Source, StackBounds};
use crate::stack::memory::page_bytes;

/// What a main thread is trusted to have when its limit says "unlimited" or something beyond
/// [`LARGEST_TRUSTED_LIMIT`]; the value that HotSpot and bionic clamp to as well.
const ASSUMED_LIMIT: usize = 8 << 20;

/// The kernel keeps at least 128 MiB below the main stack free of other mappings (mmap_base in arch/x86/mm/mmap.c); its guard
/// gap of 1 MiB and the randomisation of the top come off that. A larger limit may have been set after the layout was fixed.
const LARGEST_TRUSTED_LIMIT: usize = 120 << 20;

pub(crate) fn thread_bounds(sp: usize) -> Option<StackBounds> {
    if may_be_main_thread() {
        let main = main_bounds();
        if main.is_some_and(|bounds| bounds.contains(sp)) {
            return main;
        }
        // Either the main thread on a foreign stack, or the child of a fork that another thread made: its only thread has
        // tid == pid and runs on that other thread's stack. The C library knows which.
        return match (attr_bounds(), main) {
            (Some(told), Some(main)) if main.contains(told.high() - 1) => Some(main),
            (Some(told), _) => Some(told),
            (None, main) => main,
        };
    }
    attr_bounds()
}

fn may_be_main_thread() -> bool {
    // SAFETY: both calls read process state and have no preconditions. The system call because glibc has had gettid only since 2.30.
    unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
}

/// What the C library says of the calling thread.
fn attr_bounds() -> Option<StackBounds> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // Before glibc 2.32 a failing pthread_getattr_np left parts unset that pthread_attr_destroy frees (golang/go#65625).
    // SAFETY: `attr` is valid for writes; init precedes every other use.
    if unsafe { libc::pthread_attr_init(attr.as_mut_ptr()) } != 0 {
        return None;
    }
    let mut low = core::ptr::null_mut();
    let mut bytes = 0;
    let mut guard = 0;
    // SAFETY: `attr` is initialised, the out-pointers are valid, and pthread_self is the calling thread.
    let known = unsafe {
        // The error of a thread that libc does not list (ESRCH after a raw clone) comes with right stack values.
        let listed = libc::pthread_getattr_np(libc::pthread_self(), attr.as_mut_ptr());
        let known = (listed == 0 || listed == libc::ESRCH)
            && libc::pthread_attr_getstack(attr.as_ptr(), &raw mut low, &raw mut bytes) == 0
            && libc::pthread_attr_getguardsize(attr.as_ptr(), &raw mut guard) == 0;
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        known
    };
    if !known {
        return None;
    }
    told_bounds(low.addr(), bytes, if guard_is_inside() { guard } else { 0 })
}

/// The arithmetic of [`attr_bounds`], apart from the calls.
fn told_bounds(low: usize, bytes: usize, guard_inside: usize) -> Option<StackBounds> {
    let high = low.checked_add(bytes)?;
    let usable = low.checked_add(guard_inside)?;
    (low != 0 && usable < high).then(|| StackBounds::new(usable, high, Source::Thread))
}

/// Before version 2.27 glibc counted the guard page into what pthread_attr_getstack returns.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn guard_is_inside() -> bool {
    // SAFETY: returns a constant string of libc.
    let version = unsafe { core::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    version_before_2_27(version.to_bytes())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn guard_is_inside() -> bool {
    false
}

#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), expect(dead_code, reason = "glibc's versions only"))]
fn version_before_2_27(version: &[u8]) -> bool {
    let mut numbers = version.split(|&byte| byte == b'.').map(|digits| {
        digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0_u32, |number, &digit| number * 10 + u32::from(digit - b'0'))
    });
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) < (2, 27)
}

fn main_bounds() -> Option<StackBounds> {
    let (high, exact) = main_stack_end()?;
    main_bounds_from(high, exact, stack_limit(), page_bytes())
}

/// The arithmetic of the main thread, apart from the calls. `high` is the end of the kernel's stack mapping when `exact`, and an
/// address below it otherwise.
fn main_bounds_from(high: usize, exact: bool, limit: Option<usize>, page: usize) -> Option<StackBounds> {
    let limit = limit.filter(|&limit| limit <= LARGEST_TRUSTED_LIMIT).unwrap_or(ASSUMED_LIMIT);
    // The kernel counts the arguments and the environment, which lie at the very end, into the limit, and lets them take a
    // quarter of it (execve(2)).
    let usable = if exact { limit } else { limit / 4 * 3 };
    // Growth goes by whole pages, so that a limit which is none is rounded against us.
    let low = high.checked_sub(usable)?.checked_next_multiple_of(page)?;
    (low < high).then(|| StackBounds::new(low, high, Source::MainThread))
}

/// The end of the main thread's stack, and whether it is exact.
///
/// The kernel puts the name of the executable at the very end, followed by a zero byte and a zero word, and tells where
/// (AT_EXECFN, since 2.6.26). Some emulators do not; then the random bytes of AT_RANDOM, in the same area, are a lower bound.
fn main_stack_end() -> Option<(usize, bool)> {
    // SAFETY: getauxval has no preconditions.
    let (name, random) = unsafe { (libc::getauxval(libc::AT_EXECFN), libc::getauxval(libc::AT_RANDOM)) };
    if name != 0 {
        // SAFETY: AT_EXECFN points to a NUL-terminated string that lives as long as the process (getauxval(3)).
        let bytes = unsafe { libc::strlen(name as *const libc::c_char) };
        let end = (name as usize + bytes + 1 + size_of::<usize>()).checked_next_multiple_of(page_bytes())?;
        return Some((end, true));
    }
    (random != 0).then_some((random as usize, false))
}

/// The soft limit of the moment; `None` when it is unlimited or cannot be read.
fn stack_limit() -> Option<usize> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: `limit` is valid for writes and is read only after success.
    let limit = unsafe {
        if libc::getrlimit(libc::RLIMIT_STACK, limit.as_mut_ptr()) != 0 {
            return None;
        }
        limit.assume_init().rlim_cur
    };
    if limit == libc::RLIM_INFINITY { None } else { usize::try_from(limit).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;
    const HIGH: usize = 0x7fff_ffff_f000;

    #[test]
    fn a_limit_that_is_no_multiple_of_a_page_is_rounded_against_us() {
        let bounds = main_bounds_from(HIGH, true, Some(1_000_000), PAGE).unwrap();
        assert_eq!(bounds.low() % PAGE, 0);
        assert!(bounds.low() >= HIGH - 1_000_000);
        assert!(bounds.low() < HIGH - 1_000_000 + PAGE);
    }

    #[test]
    fn unlimited_and_absurd_limits_are_clamped() {
        for limit in [None, Some(usize::MAX / 2), Some(44 << 40), Some(LARGEST_TRUSTED_LIMIT + 1)] {
            let bounds = main_bounds_from(HIGH, true, limit, PAGE).unwrap();
            assert_eq!(bounds.high() - bounds.low(), ASSUMED_LIMIT, "limit {limit:?}");
        }
        let large = main_bounds_from(HIGH, true, Some(64 << 20), PAGE).unwrap();
        assert_eq!(large.high() - large.low(), 64 << 20);
    }

    #[test]
    fn without_the_exact_end_the_arguments_are_assumed_to_be_as_large_as_they_may() {
        let bounds = main_bounds_from(HIGH, false, Some(8 << 20), PAGE).unwrap();
        assert_eq!(bounds.high() - bounds.low(), 6 << 20);
    }

    #[test]
    fn a_guard_inside_the_range_is_not_usable() {
        let bounds = told_bounds(0x10_0000, 0x2_0000, 0x1000).unwrap();
        assert_eq!((bounds.low(), bounds.high()), (0x10_1000, 0x12_0000));
        assert_eq!(told_bounds(0x10_0000, 0x1000, 0x1000), None);
        assert_eq!(told_bounds(usize::MAX - 10, 0x1000, 0), None);
    }

    #[test]
    fn versions_of_glibc_are_told_apart() {
        assert!(version_before_2_27(b"2.26"));
        assert!(version_before_2_27(b"2.17.1"));
        assert!(!version_before_2_27(b"2.27"));
        assert!(!version_before_2_27(b"2.36-9"));
        assert!(!version_before_2_27(b"3.0"));
    }
}
