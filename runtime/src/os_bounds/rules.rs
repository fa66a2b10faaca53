//! From what a system reports to the bounds of a stack: the arithmetic of all systems, apart from
//! the calls. It is compiled and tested on each of them, with the figures that the others report
//! (tests/arithmetic.rs). That of Windows stands in switch/windows/teb.rs.

use crate::bounds::{Source, StackBounds};

/// What a main thread is taken to have when its limit says "unlimited" or something absurd; the
/// value that HotSpot and bionic clamp to as well.
pub(super) const ASSUMED_LIMIT: usize = 8 << 20;

/// The largest main stack that is believed: twice the largest that a system sets aside by default
/// (FreeBSD on amd64: 512 MiB). Linux has rules of its own: [`MainThread`].
pub(super) const LARGEST_BELIEVED: usize = 1 << 30;

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
pub(super) const KEPT_FREE_BYTES: usize = 120 << 20;

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
