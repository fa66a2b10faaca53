//! From what a system reports to the bounds of a stack: the arithmetic of all systems, apart from
//! the calls. It is compiled and tested on each of them, with the figures that the others report.
//! That of Windows stands in switch/windows/teb.rs.

use crate::bounds::{Source, StackBounds};

/// What a main thread is taken to have when its limit says "unlimited" or something absurd; the
/// value that HotSpot and bionic clamp to as well.
pub(super) const ASSUMED_LIMIT: usize = 8 << 20;

/// The largest main stack that is believed: twice the largest that a system sets aside by default
/// (FreeBSD on amd64: 512 MiB). Linux has rules of its own: [`MainThread`].
const LARGEST_BELIEVED: usize = 1 << 30;

/// A limit as `getrlimit` tells it: `None` when there is none, or more than there are addresses, or
/// when it is less than nothing (it is a number with a sign on FreeBSD).
pub(super) fn limit<T: PartialEq + TryInto<usize>>(current: T, infinity: T) -> Option<usize> {
    if current == infinity { None } else { current.try_into().ok() }
}

/// A stack as systems report it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported {
    high: usize,
    /// How far down from `high` it reaches. Zero for a main thread: not told.
    bytes: usize,
    /// What is part of `bytes`, at the low end, and cannot be used.
    unusable_bytes: usize,
}

impl Reported {
    /// For systems that tell the high end.
    pub(super) fn below(high: usize, bytes: usize) -> Self {
        Self { high, bytes, unusable_bytes: 0 }
    }

    /// For systems that tell the low end.
    pub(super) fn above(low: usize, bytes: usize) -> Option<Self> {
        if low == 0 { None } else { Some(Self::below(low.checked_add(bytes)?, bytes)) }
    }

    pub(super) fn without(self, unusable_bytes: usize) -> Self {
        Self { unusable_bytes, ..self }
    }

    /// A thread made by the C library, with a stack of that very size.
    pub(super) fn of_thread(&self) -> Option<StackBounds> {
        self.bounds(self.high.checked_sub(self.bytes)?, Source::Thread)
    }

    /// Any thread of a system whose main stack grows until the limit: one that was lowered since
    /// the C library looked counts.
    pub(super) fn of(
        &self,
        is_main: bool,
        limit: Option<usize>,
        page_bytes: usize,
    ) -> Option<StackBounds> {
        if !is_main {
            return self.of_thread();
        }
        let reported =
            Some(self.bytes).filter(|&reported| reported != 0 && reported <= LARGEST_BELIEVED);
        let limit = limit.filter(|&limit| limit <= LARGEST_BELIEVED);
        let bytes = reported.into_iter().chain(limit).min().unwrap_or(ASSUMED_LIMIT);
        // Growth goes by whole pages, so that a limit which is none is rounded against us.
        let low = self.high.checked_sub(bytes)?.checked_next_multiple_of(page_bytes)?;
        self.bounds(low, Source::MainThread)
    }

    fn bounds(&self, low: usize, source: Source) -> Option<StackBounds> {
        let usable = low.checked_add(self.unusable_bytes)?;
        (usable < self.high).then(|| StackBounds::new(usable, self.high, source))
    }
}

/// FreeBSD: what the sysctl `security.bsd.stack_guard_page` tells; one, the default, where it does
/// not exist or is forbidden (DragonFly, a jail).
pub(super) fn kernel_guard_pages(reported: Option<i32>) -> usize {
    reported.and_then(|pages| usize::try_from(pages).ok()).unwrap_or(1)
}

/// Linux: what is known of the main thread's stack without the C library.
pub(super) struct MainThread {
    /// The end of the kernel's stack mapping when `is_exact`, and an address below it otherwise.
    pub(super) high: usize,
    pub(super) is_exact: bool,
    pub(super) limit: Option<usize>,
    pub(super) page_bytes: usize,
}

/// The kernel keeps at least 128 MiB below the main stack free of other mappings (mmap_base in
/// mm/util.c and arch/x86/mm/mmap.c), whatever the limit; its guard gap of 1 MiB and the
/// randomisation of the top come off that.
const KEPT_FREE_BYTES: usize = 120 << 20;

impl MainThread {
    /// A limit beyond what is kept free, or none, says nothing: it may have been raised after the
    /// layout of addresses was fixed. Then `lowest_free` is asked how far the mapping can grow.
    pub(super) fn bounds(
        &self,
        lowest_free: impl FnOnce() -> Option<usize>,
    ) -> Option<StackBounds> {
        let limit = self.limit.unwrap_or(usize::MAX);
        // The kernel counts the arguments and the environment, which lie at the very end, into the
        // limit, and lets them take a quarter of it (execve(2)).
        let bytes = if self.is_exact { limit } else { limit / 4 * 3 };
        let lowest = match limit <= KEPT_FREE_BYTES {
            true => 0,
            false => lowest_free().unwrap_or(self.high.saturating_sub(KEPT_FREE_BYTES)),
        };
        let low = self.high.saturating_sub(bytes).max(lowest);
        // Growth goes by whole pages, so that a limit which is none is rounded against us. The last
        // page is there whatever the limit.
        let last = (self.high - 1) & !(self.page_bytes - 1);
        let low = low.checked_next_multiple_of(self.page_bytes)?.min(last);
        Some(StackBounds::new(low, self.high, Source::MainThread))
    }
}

/// Linux: /proc/self/maps, read byte by byte up to the mapping with an address.
#[derive(Default)]
pub(super) struct Maps {
    address: usize,
    gap_bytes: usize,
    /// The line so far: the ends of the mapping, and whether it can be written.
    ends: [usize; 2],
    is_writable: bool,
    field: usize,
    /// The mapping before.
    last_end: usize,
    was_writable: bool,
    /// Of the adjacent writable mappings that the last line is part of: where they begin, and the
    /// end of what lies below.
    begin: usize,
    below: usize,
}

/// The gap that the kernel keeps between a stack that grows and what lies below, in pages
/// (stack_guard_gap in mm/mmap.c).
const GAP_PAGES: usize = 256;

impl Maps {
    pub(super) fn new(address: usize, page_bytes: usize) -> Self {
        Self { address, gap_bytes: GAP_PAGES * page_bytes, ..Self::default() }
    }

    /// Takes one more byte. Once the line of the mapping with the address is complete: the lowest
    /// address that it can grow to.
    pub(super) fn lowest_free(&mut self, byte: u8) -> Option<usize> {
        match (self.field, byte) {
            (_, b'\n') => return self.end_line(),
            (0, b'-') | (1 | 2, b' ') => self.field += 1,
            (0 | 1, _) => {
                let digit = char::from(byte).to_digit(16)? as usize;
                self.ends[self.field] = self.ends[self.field] << 4 | digit;
            }
            (2, b'w') => self.is_writable = true,
            _ => {}
        }
        None
    }

    fn end_line(&mut self) -> Option<usize> {
        let [low, high] = self.ends;
        // A part that was made inaccessible, a guard of the program's own, ends the stack as well.
        if low != self.last_end || !(self.was_writable && self.is_writable) {
            (self.begin, self.below) = (low, self.last_end);
        }
        if (low..high).contains(&self.address) {
            return Some(self.below.saturating_add(self.gap_bytes).min(self.begin));
        }
        (self.last_end, self.was_writable) = (high, self.is_writable);
        (self.ends, self.is_writable, self.field) = ([0; 2], false, 0);
        None
    }
}

/// Linux: chooses between the bounds of the main thread and those that the C library tells, for a
/// thread with tid == pid that was called at `sp`.
///
/// Outside of the main stack it is either the main thread on a foreign stack, or the child of a
/// fork that another thread made: its only thread has tid == pid and runs on that other thread's
/// stack. The C library knows which. musl and glibc tell the main stack with another low end each,
/// but the high end lies in it.
pub(super) fn choose(
    sp: usize,
    main: Option<StackBounds>,
    reported: impl FnOnce() -> Option<StackBounds>,
) -> Option<StackBounds> {
    if main.is_some_and(|bounds| bounds.contains(sp)) {
        return main;
    }
    match (reported(), main) {
        (Some(reported), Some(main)) if main.contains(reported.high() - 1) => Some(main),
        (reported, main) => reported.or(main),
    }
}

/// The least size of a block in which glibc makes a thread (PTHREAD_STACK_MIN).
const LEAST_BLOCK_BYTES: usize = 16 * 1024;

/// More than lies in a block from where most descriptors begin: that, and a few thread-locals.
const END_BYTES: usize = 64 * 1024;

/// glibc: what three words of a thread's descriptor say of its stack, if they are the address and
/// the size of the block that the descriptor lies in, and the size of the guard at its low end.
/// `is_place`: whether words there have told of a block before.
pub(super) fn block_bounds(
    [low, bytes, guard_bytes]: [usize; 3],
    descriptor: usize,
    is_place: bool,
) -> Option<StackBounds> {
    // A stack of the program's own need not begin at a page, and may be large for where it lies.
    // What is found by chance does not end with the descriptor.
    let is_certain = is_place || low.wrapping_add(bytes).wrapping_sub(descriptor) < END_BYTES;
    let alignment = if is_certain { size_of::<usize>() } else { 4096 };
    // A second address in place of the size is more than a quarter of the first.
    let is_size = bytes >= LEAST_BLOCK_BYTES && (is_certain || bytes < descriptor / 4);
    let is_guard = guard_bytes.is_multiple_of(4096) && guard_bytes < bytes;
    let holds_descriptor = descriptor.checked_sub(low).is_some_and(|above| above < bytes);
    if !(low.is_multiple_of(alignment) && is_size && is_guard && holds_descriptor) {
        return None;
    }
    Reported::above(low, bytes)?.without(guard_bytes).of_thread()
}

/// glibc: the only place among the words of a descriptor that tells of a block, and what it tells.
pub(super) fn find_block(
    words: impl Iterator<Item = usize>,
    descriptor: usize,
) -> Option<(usize, StackBounds)> {
    let (mut last, mut found) = ([0; 3], None);
    for (index, word) in words.enumerate() {
        last = [last[1], last[2], word];
        if let Some(bounds) = block_bounds(last, descriptor, false)
            && found.replace((index - 2, bounds)).is_some()
        {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    const PAGE: usize = 4096;
    const HIGH: usize = 0x7000_0000;

    fn thread(low: usize, high: usize) -> Option<StackBounds> {
        Some(StackBounds::new(low, high, Source::Thread))
    }

    fn main(low: usize, high: usize) -> Option<StackBounds> {
        Some(StackBounds::new(low, high, Source::MainThread))
    }

    #[test]
    fn infinity_and_nonsense_are_no_limit() {
        // Linux; 32-bit Linux; macOS; FreeBSD, with a sign; Solaris, which has two more values.
        assert_eq!(limit(u64::MAX, u64::MAX), None);
        assert_eq!(limit(u32::MAX, u32::MAX), None);
        assert_eq!(limit((1_u64 << 63) - 1, (1 << 63) - 1), None);
        assert_eq!(limit(i64::MAX, i64::MAX), None);
        assert_eq!(limit(u64::MAX - 2, u64::MAX - 2), None);
        assert_eq!(limit(-1_i64, i64::MAX), None);
        assert_eq!(limit(8_u64 << 20, u64::MAX), Some(8 * MIB));
        assert_eq!(limit(8_i64 << 20, i64::MAX), Some(8 * MIB));
        // 32-bit addresses with 64-bit limits.
        assert_eq!(limit(1_u64 << 40, u64::MAX), usize::try_from(1_u64 << 40).ok());
    }

    #[test]
    fn thread_has_what_is_told_whatever_the_limit() {
        let low = HIGH - 512 * KIB;
        assert_eq!(Reported::below(HIGH, 512 * KIB).of_thread(), thread(low, HIGH));
        let stack = Reported::above(low, 512 * KIB).unwrap();
        assert_eq!(stack.of(false, Some(64 * KIB), PAGE), thread(low, HIGH));
        assert_eq!(stack.without(PAGE).of_thread(), thread(low + PAGE, HIGH));
    }

    #[test]
    fn main_thread_has_the_smaller_of_size_and_limit() {
        let sizes = [
            (8 * MIB, Some(8 * MIB), 8 * MIB),
            // Lowered after the C library had looked, raised after, without a limit.
            (8 * MIB, Some(512 * KIB), 512 * KIB),
            (8 * MIB, Some(64 * MIB), 8 * MIB),
            (8 * MIB, None, 8 * MIB),
            // macOS 10.9.
            (512 * KIB, Some(8 * MIB), 512 * KIB),
            // Solaris, without a limit, and one that was set since.
            (0, None, 8 * MIB),
            (0, Some(10 * MIB), 10 * MIB),
            // Absurd.
            (LARGEST_BELIEVED + 1, None, 8 * MIB),
            (0, Some(usize::MAX), 8 * MIB),
            // No multiple of a page.
            (7_000_001, Some(7_000_001), 6832 * KIB),
            (0, Some(1_000_000), 999_424),
        ];
        for (reported, limit, bytes) in sizes {
            let bounds = Reported::below(HIGH, reported).of(true, limit, PAGE);
            assert_eq!(bounds, main(HIGH - bytes, HIGH), "{reported} {limit:?}");
        }
    }

    #[test]
    fn guard_pages_of_a_main_thread_are_taken_off_its_limit() {
        // FreeBSD: _usrstack of a process with a limit of 64 MiB.
        let usrstack = 0xffbf_e000;
        let stack = Reported::above(usrstack - 64 * MIB, 64 * MIB).unwrap();
        for (pages, limit) in [(0, 64), (1, 64), (16, 64), (1, 1)] {
            let bounds = stack.without(pages * PAGE).of(true, Some(limit * MIB), PAGE);
            assert_eq!(bounds, main(usrstack - limit * MIB + pages * PAGE, usrstack));
        }
        assert_eq!([Some(0), Some(1), Some(16)].map(kernel_guard_pages), [0, 1, 16]);
        assert_eq!([None, Some(-1)].map(kernel_guard_pages), [1, 1]);
        // OpenBSD: the stack ends at 0x7fff_8000 and the ps_strings lie 32 bytes below.
        let stack = Reported::below(0x7fff_7fe0, 4 * MIB).without(PAGE);
        for limit in [4 * MIB, MIB] {
            let bounds = stack.of(true, Some(limit), PAGE);
            assert_eq!(bounds, main(0x7fff_8000 - limit + PAGE, 0x7fff_7fe0));
        }
    }

    #[test]
    fn nonsense_has_no_bounds() {
        assert!(Reported::above(0, MIB).is_none());
        assert!(Reported::above(usize::MAX - 10, MIB).is_none());
        assert_eq!(Reported::below(MIB, 2 * MIB).of_thread(), None);
        assert_eq!(Reported::above(MIB, PAGE).unwrap().without(PAGE).of_thread(), None);
        assert_eq!(Reported::above(MIB, MIB).unwrap().without(usize::MAX).of_thread(), None);
        assert_eq!(Reported::above(MIB, 0).unwrap().of_thread(), None);
    }

    fn linux_main(limit: Option<usize>, lowest_free: Option<usize>) -> usize {
        let main = MainThread { high: HIGH, is_exact: true, limit, page_bytes: PAGE };
        HIGH - main.bounds(|| lowest_free).unwrap().low()
    }

    #[test]
    fn limit_of_linux_is_trusted_as_far_as_the_kernel_keeps_addresses_free() {
        assert_eq!(linux_main(Some(64 * MIB), Some(HIGH - MIB)), 64 * MIB);
        assert_eq!(linux_main(Some(1_000_000), None), 999_424);
        assert_eq!([0, 1, PAGE].map(|limit| linux_main(Some(limit), None)), [PAGE; 3]);
        let inexact =
            MainThread { high: HIGH, is_exact: false, limit: Some(8 * MIB), page_bytes: PAGE };
        assert_eq!(inexact.bounds(|| None), main(HIGH - 6 * MIB, HIGH));
    }

    #[test]
    fn larger_limit_of_linux_gives_what_there_is() {
        for limit in [None, Some(KEPT_FREE_BYTES + 1), Some(usize::MAX / 2)] {
            // Without /proc; with something in the way.
            assert_eq!(linux_main(limit, None), KEPT_FREE_BYTES, "{limit:?}");
            assert_eq!(linux_main(limit, Some(HIGH - 30 * MIB)), 30 * MIB, "{limit:?}");
        }
        assert_eq!(linux_main(None, Some(HIGH - 900 * MIB)), 900 * MIB);
        assert_eq!(linux_main(Some(200 * MIB), Some(HIGH - 900 * MIB)), 200 * MIB);
    }

    fn lowest_free(text: &str, address: usize) -> Option<usize> {
        let mut maps = Maps::new(address, PAGE);
        text.bytes().find_map(|byte| maps.lowest_free(byte))
    }

    #[test]
    fn main_stack_can_grow_to_the_gap_above_what_lies_below() {
        let text = "\
            10000000-10002000 r-xp 00000000 fe:00 1234    /usr/bin/a-w name\n\
            20000000-20001000 rw-p 00000000 00:00 0 \n\
            6ffdf000-70000000 rw-p 00000000 00:00 0       [stack]\n\
            70001000-70002000 r--p 00000000 00:00 0       [vvar]\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x2000_1000 + MIB));
        assert_eq!(lowest_free(text, 0x1000_0000), Some(0x10_0000));
        assert_eq!(lowest_free(text, 0x7000_0000), None);
        // Closer than the gap already.
        let text = "6ffd0000-6ffdf000 rw-p 0 00:00 0\n6ffdff00-70000000 rw-p 0 00:00 0\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x6ffd_ff00));
    }

    #[test]
    fn part_of_the_main_stack_that_cannot_be_written_ends_it() {
        let text = "\
            20000000-20001000 rw-p 00000000 00:00 0 \n\
            6ff00000-6ff10000 rw-p 00000000 00:00 0 \n\
            6ff10000-6ff11000 ---p 00000000 00:00 0 \n\
            6ff11000-6ff20000 rw-p 00000000 00:00 0 \n\
            6ff20000-70000000 rwxp 00000000 00:00 0       [stack]\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x6ff1_1000));
        let text = text.replace("---p", "rw-p");
        assert_eq!(lowest_free(&text, 0x6fff_ffff), Some(0x2000_1000 + MIB));
    }

    #[test]
    fn first_thread_is_the_main_thread_or_the_one_that_forked() {
        let main = main(HIGH - 8 * MIB, HIGH);
        assert_eq!(choose(HIGH - 100, main, || unreachable!("fails without /proc")), main);
        // musl tells the present extent, from the page of the auxiliary vector, at start 132 KiB.
        let present = thread(HIGH - 136 * KIB, HIGH - 4 * KIB);
        assert_eq!(choose(0x2000_0000, main, || present), main);
        let other = thread(0x2000_0000, 0x2001_0000);
        assert_eq!(choose(0x2000_8000, main, || other), other);
        assert_eq!(choose(0x2000_8000, main, || None), main);
        assert_eq!(choose(0x2000_8000, None, || other), other);
    }

    const DESCRIPTOR: usize = LOW + 0xf_f6c0;
    const LOW: usize = 0x6000_0000;

    #[test]
    fn block_of_a_descriptor_is_found_where_only_one_can_be_meant() {
        let block = [LOW, MIB, PAGE];
        let find = |words: &[usize]| find_block(words.iter().copied(), DESCRIPTOR);
        let around = [&[DESCRIPTOR, 0, 17][..], &block, &[PAGE, 0, LOW]].concat();
        let expected = StackBounds::new(LOW + PAGE, LOW + MIB, Source::Thread);
        assert_eq!(find(&around), Some((3, expected)));
        assert_eq!(find(&block), Some((0, expected)));
        assert_eq!(find(&[block, block].concat()), None);
        assert_eq!(find(&[0; 16]), None);
        assert_eq!(find(&block[..2]), None);
    }

    #[test]
    fn words_that_tell_of_no_block_with_the_descriptor_have_no_bounds() {
        let bounds = |words| block_bounds(words, DESCRIPTOR, false);
        assert!(bounds([LOW, MIB, 0]).is_some());
        let wrong = [
            // Below the descriptor, above it; too small for a thread; an address for the size; a
            // guard that is none, or all of it; the main thread's.
            [LOW, 0xf_0000, PAGE],
            [DESCRIPTOR + 0x940, MIB, PAGE],
            [DESCRIPTOR & !0xfff, 8 * KIB, PAGE],
            [LOW, DESCRIPTOR, PAGE],
            [LOW, MIB, 100],
            [LOW, MIB, MIB],
            [0, HIGH, 0],
            [LOW + 8, 2 * MIB, 0],
        ];
        for words in wrong {
            assert_eq!(bounds(words), None, "{words:x?}");
        }
        // Stacks of the program's own: at no page's beginning, and in the lowest memory.
        assert!(block_bounds([LOW + 8, 2 * MIB, 0], DESCRIPTOR, true).is_some());
        assert!(bounds([LOW + 8, MIB, 0]).is_some());
        assert!(block_bounds([0x40_0000, 8 * MIB, 0], 0xbf_f6c0, false).is_some());
    }
}
