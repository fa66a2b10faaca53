//! Ranges that coroutine libraries have declared to be stacks.
//!
//! Two tables, sorted by address. Readers use the one that is published and never wait, also in a
//! signal handler that has interrupted a writer. A writer changes the other one, publishes it by
//! one store; a reader that was in the old one begins anew. Writers take turns.

use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};
use core::{error, fmt, hint, ops::Range, ptr};

use crate::process;
use crate::stack::memory;
use crate::thread::signal_mask::Blocked;

/// Most ranges that can be registered at a time. Miri looks at all of a table for each borrow.
const CAPACITY: usize = if cfg!(miri) { 128 } else { 1 << 16 };

/// No index.
const NONE: usize = usize::MAX;

/// One range. Ranges may lie inside of others: `around` is the index of the narrowest that does.
struct Entry {
    low: AtomicUsize,
    high: AtomicUsize,
    around: AtomicUsize,
}

struct Table {
    entries: AtomicPtr<Entry>,
    len: AtomicUsize,
}

impl Table {
    const fn empty() -> Self {
        Self { entries: AtomicPtr::new(ptr::null_mut()), len: AtomicUsize::new(0) }
    }

    fn entries(&self) -> &[Entry] {
        // Zero before the mapping is there.
        let len = self.len.load(Acquire);
        let entries = self.entries.load(Acquire);
        // SAFETY: the mapping has room for CAPACITY entries, of atomics, for which all bits are
        // valid, and it stays for the life of the process; `len` is at most CAPACITY.
        if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(entries, len) } }
    }

    /// All entries that there is room for; maps them at first. `None` without memory.
    fn room(&self) -> Option<&[Entry]> {
        if self.entries.load(Acquire).is_null() {
            let base = memory::map_pages(CAPACITY * size_of::<Entry>()).ok()?;
            self.entries.store(base.cast(), Release);
        }
        // SAFETY: the mapping has room for CAPACITY entries of atomics, and stays.
        Some(unsafe { core::slice::from_raw_parts(self.entries.load(Acquire), CAPACITY) })
    }
}

static TABLES: [Table; 2] = [const { Table::empty() }; 2];

/// How often a table was published: its lowest bit is the index of the current one.
static PUBLISHED: AtomicUsize = AtomicUsize::new(0);

/// The process that has a writer at work, zero if none. The writer of a process that forked is not
/// in the child.
static WRITER: AtomicUsize = AtomicUsize::new(0);

/// A registered range; dropped, it is forgotten.
#[derive(Debug)]
#[must_use = "the range is forgotten when the registration is dropped"]
pub struct Registration {
    range: Range<usize>,
}

impl Registration {
    pub(crate) fn new(range: Range<usize>) -> Result<Self, RegisterError> {
        if range.end <= range.start {
            return Err(RegisterError::Empty);
        }
        change(&range, true)?;
        Ok(Self { range })
    }

    pub(crate) fn range(&self) -> &Range<usize> {
        &self.range
    }

    pub(crate) fn forget(&self) {
        // Both tables were mapped when it was registered.
        let _ = change(&self.range, false);
    }
}

/// Why [`register_stack`](crate::register_stack) did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The range has no byte.
    Empty,
    /// 65,536 ranges are registered, or there is no memory for their table.
    Full,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty range is no stack",
            Self::Full => {
                "65536 stacks are registered already, or memory for their table is lacking"
            }
        })
    }
}

impl error::Error for RegisterError {}

/// The bounds of the narrowest registered stack that `address` lies on. `hint` has the index of the
/// last one that the thread has found.
#[inline]
pub(crate) fn find(address: usize, hint: Option<&AtomicUsize>) -> Option<(usize, usize)> {
    let published = PUBLISHED.load(Acquire);
    if published == 0 {
        return None;
    }
    let entries = TABLES[published & 1].entries();
    let at = hint.map_or(NONE, |hint| hint.load(Relaxed));
    if let Some(entry) = entries.get(at) {
        let (low, high) = entry.range();
        let next = entries.get(at + 1).map_or(usize::MAX, |next| next.low.load(Relaxed));
        core::sync::atomic::fence(Acquire);
        let is_current = PUBLISHED.load(Relaxed) == published;
        if is_current && low <= address && address < high && address < next {
            return Some((low, high));
        }
    }
    let (low, high) = search(address, hint);
    (low < high).then_some((low, high))
}

/// Both 0 where there is none: that is returned in registers.
#[inline(never)]
fn search(address: usize, hint: Option<&AtomicUsize>) -> (usize, usize) {
    read(|entries| {
        let Some(at) = narrowest(entries, address) else { return (0, 0) };
        hint.inspect(|hint| hint.store(at, Relaxed));
        entries[at].range()
    })
}

/// The index of the narrowest range with the address.
fn narrowest(entries: &[Entry], address: usize) -> Option<usize> {
    let mut at = first_above(entries, address).wrapping_sub(1);
    // A range that does not reach the address may lie inside of one that does.
    while address >= entries.get(at)?.high.load(Relaxed) {
        let around = entries[at].around.load(Relaxed);
        // Only a table that changes meanwhile says otherwise; the result is then thrown away.
        at = if around < at { around } else { NONE };
    }
    Some(at)
}

fn first_above(entries: &[Entry], address: usize) -> usize {
    entries.partition_point(|entry| entry.low.load(Relaxed) <= address)
}

/// The lowest address in `low..high` that belongs to a registered stack which does not contain all
/// of `low..high`.
pub(crate) fn lowest_inside(low: usize, high: usize) -> Option<usize> {
    if PUBLISHED.load(Acquire) == 0 {
        return None;
    }
    read(|entries| {
        let around = narrowest(entries, low).map(|at| entries[at].range());
        if around.is_some_and(|(_, end)| end < high) {
            return Some(low);
        }
        let next = entries.get(first_above(entries, low)).map(|entry| entry.low.load(Relaxed));
        next.filter(|&start| start < high)
    })
}

/// Reads the current table, anew when another was published meanwhile.
fn read<R>(look: impl Fn(&[Entry]) -> R) -> R {
    loop {
        let published = PUBLISHED.load(Acquire);
        let seen = look(TABLES[published & 1].entries());
        core::sync::atomic::fence(Acquire);
        if PUBLISHED.load(Relaxed) == published {
            return seen;
        }
    }
}

impl Entry {
    fn range(&self) -> (usize, usize) {
        (self.low.load(Relaxed), self.high.load(Relaxed))
    }
}

/// Takes one range out of the table, or puts one in, and publishes that: the other table gets the
/// ranges of the current one but for the change.
fn change(range: &Range<usize>, is_added: bool) -> Result<(), RegisterError> {
    // A handler that registers a stack must not wait for the writer that it has interrupted.
    let _blocked = Blocked::all();
    let _turn = Turn::take();
    let published = PUBLISHED.load(Relaxed);
    let current = TABLES[published & 1].entries();
    let other = &TABLES[(published + 1) & 1];
    // Of both tables, so that forgetting a range needs no memory.
    let (Some(_), Some(entries)) = (TABLES[published & 1].room(), other.room()) else {
        return Err(RegisterError::Full);
    };
    // By its low end, the wider one first.
    let order = |(low, high): (usize, usize)| (low, usize::MAX - high);
    let range = (range.start, range.end);
    let place = current.partition_point(|entry| order(entry.range()) < order(range));
    let (before, mut after) = current.split_at(place);
    if is_added && current.len() == CAPACITY {
        return Err(RegisterError::Full);
    } else if !is_added && after.first().is_some_and(|entry| entry.range() == range) {
        after = &after[1..];
    }
    // A reader that is still in the other table and sees what is written now sees as well that the
    // current one was published.
    core::sync::atomic::fence(Release);
    let added = is_added.then_some(range);
    let ranges = before.iter().map(Entry::range).chain(added).chain(after.iter().map(Entry::range));
    let (mut around, mut len) = (NONE, 0);
    for (low, high) in ranges {
        while around != NONE && entries[around].high.load(Relaxed) <= low {
            around = entries[around].around.load(Relaxed);
        }
        entries[len].low.store(low, Relaxed);
        entries[len].high.store(high, Relaxed);
        entries[len].around.store(around, Relaxed);
        (around, len) = (len, len + 1);
    }
    other.len.store(len, Release);
    PUBLISHED.store(published + 1, Release);
    Ok(())
}

/// The right to write.
struct Turn;

impl Turn {
    fn take() -> Self {
        let this = process::id();
        loop {
            let writer = WRITER.load(Relaxed);
            let is_free = writer == 0 || writer != this;
            if is_free && WRITER.compare_exchange(writer, this, Acquire, Relaxed).is_ok() {
                return Self;
            }
            hint::spin_loop();
            std::thread::yield_now();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        WRITER.store(0, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn narrowest_range_wins_and_is_forgotten() {
        let base = 0x7000_0000;
        let outer = Registration::new(base..base + 1000).expect("there is room");
        let inner = Registration::new(base + 200..base + 300).expect("there is room");
        let innermost = Registration::new(base + 250..base + 260).expect("there is room");
        let low_of = |at: usize| find(base + at, None).map(|(low, _)| low - base);
        assert_eq!(
            [0, 199, 200, 255, 260, 300, 999].map(low_of),
            [Some(0), Some(0), Some(200), Some(250), Some(200), Some(0), Some(0)]
        );
        assert_eq!(low_of(1000), None);
        assert_eq!(lowest_inside(base - 10, base + 2000), Some(base));
        assert_eq!(lowest_inside(base + 210, base + 280), Some(base + 250));
        // The same range, and one that another reaches into whose beginning others lie behind.
        assert_eq!(lowest_inside(base + 250, base + 260), None);
        assert_eq!(lowest_inside(base + 400, base + 2000), Some(base + 400));
        innermost.forget();
        assert_eq!(low_of(255), Some(200));
        outer.forget();
        assert_eq!((low_of(199), low_of(255)), (None, Some(200)));
        inner.forget();
        assert_eq!(low_of(255), None);
    }

    #[test]
    fn readers_see_whole_ranges_while_others_change_them() {
        let base = 0x6000_0000;
        let (rounds, steps) = if cfg!(miri) { (2, 1_000) } else { (50, 200_000) };
        let ranges: Vec<_> = (0..64).map(|at| base + at * 100..base + at * 100 + 50).collect();
        std::thread::scope(|scope| {
            for half in ranges.chunks(32) {
                scope.spawn(move || {
                    for _ in 0..rounds {
                        let all: Vec<_> = half
                            .iter()
                            .map(|range| Registration::new(range.clone()).expect("there is room"))
                            .collect();
                        all.iter().for_each(Registration::forget);
                    }
                });
            }
            scope.spawn(|| {
                let hint = AtomicUsize::new(0);
                for at in (0..steps).map(|step| base + step * 7 % 6400) {
                    let Some((low, high)) = find(at, Some(&hint)) else { continue };
                    assert!(ranges.contains(&(low..high)) && (low..high).contains(&at), "{at:#x}");
                }
            });
        });
    }
}
