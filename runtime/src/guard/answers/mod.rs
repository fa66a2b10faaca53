//! From what a system answers to the bounds of a stack: the arithmetic of every system, apart from the calls.
//!
//! All of it is compiled on every system and tested on each, with the figures that the others would answer. Which answers are asked for,
//! and how, is in the files beside this folder.

pub(super) mod apple;
pub(super) mod freebsd;
pub(super) mod haiku;
pub(super) mod linux;
pub(super) mod netbsd;
pub(super) mod openbsd;
pub(super) mod solarish;
pub(super) mod windows;

use crate::bounds::{Source, StackBounds};

/// What a main thread is trusted to have when its limit says "unlimited" or something absurd; the value that HotSpot and
/// bionic clamp to as well.
const ASSUMED_LIMIT: usize = 8 << 20;

/// The largest main stack that is believed: twice the largest that a system sets aside by default (FreeBSD on amd64: 512 MiB).
const LARGEST_BELIEVED: usize = 1 << 30;

/// A limit as `getrlimit` tells it: `None` when there is none, or more than there are addresses, or when it is less than nothing (it is a number
/// with a sign on FreeBSD).
pub(super) fn limit<T: PartialEq + TryInto<usize>>(current: T, infinity: T) -> Option<usize> {
    if current == infinity { None } else { current.try_into().ok() }
}

/// A stack as systems tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// The address after the highest usable one.
    pub(super) high: usize,
    /// How far down from `high` it reaches. Zero for a main thread: not told.
    pub(super) bytes: usize,
    /// What is part of `bytes`, at the low end, and cannot be used.
    pub(super) unusable_bytes: usize,
}

impl Extent {
    /// For systems that tell the low end.
    pub(super) fn above(low: usize, bytes: usize) -> Option<Self> {
        (low != 0).then_some(())?;
        Some(Self { high: low.checked_add(bytes)?, bytes, unusable_bytes: 0 })
    }

    pub(super) fn without(self, unusable_bytes: usize) -> Self {
        Self { unusable_bytes, ..self }
    }

    /// A thread made by the C library, with a stack of that very size.
    pub(super) fn of_thread(self) -> Option<StackBounds> {
        self.bounds(self.high.checked_sub(self.bytes)?, Source::Thread)
    }

    /// The main thread, whose stack grows until the limit: a limit that was lowered since the C library looked counts.
    pub(super) fn of_main_thread(self, limit: Option<usize>, page_bytes: usize) -> Option<StackBounds> {
        let told = Some(self.bytes).filter(|&told| told != 0 && told <= LARGEST_BELIEVED);
        let limit = limit.filter(|&limit| limit <= LARGEST_BELIEVED);
        let bytes = told.into_iter().chain(limit).min().unwrap_or(ASSUMED_LIMIT);
        // Growth goes by whole pages, so that a limit which is none is rounded against us.
        self.bounds(self.high.checked_sub(bytes)?.checked_next_multiple_of(page_bytes)?, Source::MainThread)
    }

    fn bounds(self, low: usize, source: Source) -> Option<StackBounds> {
        let usable = low.checked_add(self.unusable_bytes)?;
        (usable < self.high).then(|| StackBounds::new(usable, self.high, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    const PAGE: usize = 4096;
    const HIGH: usize = 0x7000_0000;

    fn main_size(told: usize, limit: Option<usize>) -> usize {
        let bounds = Extent { high: HIGH, bytes: told, unusable_bytes: 0 }.of_main_thread(limit, PAGE).unwrap();
        assert_eq!((bounds.high(), bounds.source()), (HIGH, Source::MainThread));
        bounds.high() - bounds.low()
    }

    #[test]
    fn infinity_is_taken_for_a_number() {
        // Linux; 32-bit Linux; macOS; FreeBSD, with a sign; Solaris, which has two more special values.
        assert_eq!(limit(u64::MAX, u64::MAX), None);
        assert_eq!(limit(u32::MAX, u32::MAX), None);
        assert_eq!(limit((1_u64 << 63) - 1, (1 << 63) - 1), None);
        assert_eq!(limit(i64::MAX, i64::MAX), None);
        assert_eq!(limit(u64::MAX - 2, u64::MAX - 2), None);
        assert_eq!(limit(-1_i64, i64::MAX), None);
        assert_eq!((limit(8_u64 << 20, u64::MAX), limit(8_i64 << 20, i64::MAX)), (Some(8 * MIB), Some(8 * MIB)));
        // 32-bit addresses with 64-bit limits.
        assert_eq!(limit(1_u64 << 40, u64::MAX), usize::try_from(1_u64 << 40).ok());
    }

    #[test]
    fn limit_of_the_moment_is_not_heeded() {
        assert_eq!(main_size(8 * MIB, Some(512 * KIB)), 512 * KIB);
        assert_eq!(main_size(8 * MIB, Some(64 * MIB)), 8 * MIB);
        assert_eq!(main_size(8 * MIB, None), 8 * MIB);
    }

    #[test]
    fn absurd_size_is_believed() {
        assert_eq!(main_size(0, None), 8 * MIB);
        assert_eq!(main_size(LARGEST_BELIEVED + 1, None), 8 * MIB);
        assert_eq!(main_size(0, Some(usize::MAX)), 8 * MIB);
    }

    #[test]
    fn size_that_is_no_multiple_of_a_page_is_rounded_up() {
        assert_eq!(main_size(0, Some(1_000_000)), 999_424);
    }

    #[test]
    fn nonsense_becomes_bounds() {
        assert!(Extent::above(0, MIB).is_none());
        assert!(Extent::above(usize::MAX - 10, MIB).is_none());
        assert_eq!(Extent { high: MIB, bytes: 2 * MIB, unusable_bytes: 0 }.of_thread(), None);
        assert_eq!(Extent::above(MIB, PAGE).unwrap().without(PAGE).of_thread(), None);
        assert_eq!(Extent::above(MIB, 0).unwrap().of_thread(), None);
    }
}
