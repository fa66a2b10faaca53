//! Linux (glibc and musl) and Android.

use super::{ASSUMED_LIMIT, Extent};
use crate::bounds::StackBounds;

/// The kernel keeps at least 128 MiB below the main stack free of other mappings (mmap_base in arch/x86/mm/mmap.c); its guard
/// gap of 1 MiB and the randomisation of the top come off that. A larger limit may have been set after the layout was fixed.
const LARGEST_TRUSTED_LIMIT: usize = 120 << 20;

/// What is known of the main thread's stack without the C library.
pub(crate) struct Main {
    /// The end of the kernel's stack mapping when `is_exact`, and an address below it otherwise.
    pub(crate) high: usize,
    pub(crate) is_exact: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) page_bytes: usize,
}

impl Main {
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        let limit = self.limit.filter(|&limit| limit <= LARGEST_TRUSTED_LIMIT).unwrap_or(ASSUMED_LIMIT);
        // The kernel counts the arguments and the environment, which lie at the very end, into the limit, and lets them take a
        // quarter of it (execve(2)).
        let bytes = if self.is_exact { limit } else { limit / 4 * 3 };
        Extent { high: self.high, bytes: 0, unusable_bytes: 0 }.of_main_thread(Some(bytes), self.page_bytes)
    }
}

/// What `pthread_getattr_np` says of the calling thread.
pub(crate) struct Told {
    pub(crate) low: usize,
    pub(crate) bytes: usize,
    /// The size of the guard area where it is part of `bytes`, zero elsewhere.
    pub(crate) guard_inside_bytes: usize,
}

impl Told {
    pub(crate) fn bounds(&self) -> Option<StackBounds> {
        Extent::above(self.low, self.bytes)?.without(self.guard_inside_bytes).of_thread()
    }
}

/// Chooses between the bounds of the main thread and those that the C library tells, for a thread with tid == pid that was called at `sp`.
///
/// Outside of the main stack it is either the main thread on a foreign stack, or the child of a fork that another thread made: its
/// only thread has tid == pid and runs on that other thread's stack. The C library knows which. musl and glibc tell the main stack
/// with another low end each, but the high end lies in it.
pub(crate) fn choose(
    sp: usize,
    main: Option<StackBounds>,
    told: impl FnOnce() -> Option<StackBounds>,
) -> Option<StackBounds> {
    if main.is_some_and(|bounds| bounds.contains(sp)) {
        return main;
    }
    match (told(), main) {
        (Some(told), Some(main)) if main.contains(told.high() - 1) => Some(main),
        (Some(told), _) => Some(told),
        (None, main) => main,
    }
}

/// Whether a version of glibc is older than 2.27, which was the first not to count the guard into what pthread_attr_getstack returns.
#[cfg_attr(not(target_env = "gnu"), allow(dead_code, reason = "asked of glibc only"))]
pub(crate) fn is_before_2_27(version: &[u8]) -> bool {
    let mut numbers = version.split(|&byte| byte == b'.').map(|digits| {
        digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0_u32, |number, &digit| number * 10 + u32::from(digit - b'0'))
    });
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) < (2, 27)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Source;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    const PAGE: usize = 4096;
    const HIGH: usize = 0xbfff_f000;

    fn main_bounds(limit: Option<usize>, is_exact: bool) -> StackBounds {
        Main { high: HIGH, is_exact, limit, page_bytes: PAGE }.bounds().unwrap()
    }

    #[test]
    fn limit_that_is_no_multiple_of_a_page_is_rounded_up() {
        let bounds = main_bounds(Some(1_000_000), true);
        assert_eq!(bounds.low() % PAGE, 0);
        assert!(bounds.low() >= HIGH - 1_000_000);
        assert!(bounds.low() < HIGH - 1_000_000 + PAGE);
    }

    #[test]
    fn unlimited_or_absurd_limit_is_believed() {
        // glibc tells 44 TB when there is no limit.
        let huge = usize::try_from(44_u64 << 40).unwrap_or(usize::MAX);
        for limit in [None, Some(usize::MAX / 2), Some(huge), Some(LARGEST_TRUSTED_LIMIT + 1)] {
            let bounds = main_bounds(limit, true);
            assert_eq!(bounds.high() - bounds.low(), 8 * MIB, "limit {limit:?}");
        }
        let large = main_bounds(Some(64 * MIB), true);
        assert_eq!(large.high() - large.low(), 64 * MIB);
    }

    #[test]
    fn arguments_are_forgotten_where_the_exact_end_is_unknown() {
        let bounds = main_bounds(Some(8 * MIB), false);
        assert_eq!(bounds.high() - bounds.low(), 6 * MIB);
    }

    #[test]
    fn guard_inside_of_the_range_counts_as_usable() {
        let told = |low, bytes, guard_inside_bytes| Told { low, bytes, guard_inside_bytes }.bounds();
        // glibc before 2.27: a thread of 128 KiB with a guard of one page.
        assert_eq!(told(0x10_0000, 128 * KIB, PAGE), Some(StackBounds::new(0x10_1000, 0x12_0000, Source::Thread)));
        // bionic: stack_base is the lowest address of the mapping, guard included (pthread_create.cpp).
        assert_eq!(told(0x10_0000, 1032 * KIB, PAGE), Some(StackBounds::new(0x10_1000, 0x20_2000, Source::Thread)));
        assert_eq!(told(0x10_0000, PAGE, PAGE), None);
        assert_eq!(told(usize::MAX - 10, PAGE, 0), None);
    }

    #[test]
    fn present_extent_that_musl_tells_is_taken_for_the_main_stack() {
        let main = main_bounds(Some(8 * MIB), true);
        // musl measures from the page of the auxiliary vector, at start 132 KiB.
        let present = Told { low: HIGH - 136 * KIB, bytes: 132 * KIB, guard_inside_bytes: 0 }.bounds();
        for sp in [HIGH - 64 * KIB, HIGH - 4 * MIB, 0x2000_0000] {
            assert_eq!(choose(sp, Some(main), || present), Some(main));
        }
    }

    #[test]
    fn c_library_is_asked_on_the_main_stack() {
        let main = main_bounds(Some(8 * MIB), true);
        let chosen = choose(HIGH - 100, Some(main), || unreachable!("it is slow, and fails without /proc"));
        assert_eq!(chosen, Some(main));
    }

    #[test]
    fn child_forked_by_another_thread_is_taken_for_the_main_thread() {
        let main = main_bounds(Some(8 * MIB), true);
        let other = Told { low: 0x2000_0000, bytes: 64 * KIB, guard_inside_bytes: 0 }.bounds();
        assert_eq!(choose(0x2000_8000, Some(main), || other), other);
        assert_eq!(choose(0x2000_8000, Some(main), || None), Some(main));
        assert_eq!(choose(0x2000_8000, None, || other), other);
    }

    #[test]
    fn versions_of_glibc_are_confused() {
        assert!(is_before_2_27(b"2.26"));
        assert!(is_before_2_27(b"2.17.1"));
        assert!(!is_before_2_27(b"2.27"));
        assert!(!is_before_2_27(b"2.36-9"));
        assert!(!is_before_2_27(b"3.0"));
    }
}
