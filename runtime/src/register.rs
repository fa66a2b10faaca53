//! Ranges that coroutine libraries have declared to be stacks.
//!
//! A fixed row of slots: looked through only on the cold path, without a lock, also by signal handlers.

use core::sync::atomic::Ordering;
use core::{error, fmt, ops::Range};

use crate::bounds::{Source, StackBounds};
use crate::sync::AtomicUsize;
use crate::thread;

/// Most ranges that can be registered at a time.
const SLOTS: usize = 4096;

/// One range; `high` is zero while the slot is free and is written last.
struct Slot {
    low: AtomicUsize,
    high: AtomicUsize,
}

/// The value of `high` while a slot is being written.
const CLAIMED: usize = 1;

static RANGES: [Slot; SLOTS] = [const { Slot { low: AtomicUsize::new(0), high: AtomicUsize::new(0) } }; SLOTS];

/// One more than the last slot that was ever used.
static USED: AtomicUsize = AtomicUsize::new(0);

/// A registered range; dropped, it is forgotten.
#[derive(Debug)]
#[must_use = "the range is forgotten when the registration is dropped"]
pub struct Registration {
    slot: usize,
}

/// Declares the addresses `low..high` to be one stack, usable to its lowest byte, until the [`Registration`] is dropped.
///
/// Callbacks that arrive on it run in place where it has room. This also tells a stack carved out of a thread's own stack from
/// the thread stack around it; register such a one on the thread that it belongs to.
///
/// # Errors
/// When the range is empty, or 4,096 ranges are registered already.
///
/// ```
/// let memory = vec![0_u8; 256 * 1024];
/// let range = memory.as_ptr_range();
/// let registration = guarded_callback::register_stack(range.start.addr()..range.end.addr())?;
/// drop(registration);
/// # Ok::<(), guarded_callback::RegisterError>(())
/// ```
pub fn register_stack(range: Range<usize>) -> Result<Registration, RegisterError> {
    if range.end <= range.start || range.end <= CLAIMED {
        return Err(RegisterError::Empty);
    }
    for (index, slot) in RANGES.iter().enumerate() {
        if slot.high.compare_exchange(0, CLAIMED, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // Release: who sees this sees as well that the slot is claimed, and takes no bounds from it.
            slot.low.store(range.start, Ordering::Release);
            slot.high.store(range.end, Ordering::Release);
            USED.fetch_max(index + 1, Ordering::Release);
            thread::update_hot();
            return Ok(Registration { slot: index });
        }
    }
    Err(RegisterError::Full)
}

impl Drop for Registration {
    fn drop(&mut self) {
        RANGES[self.slot].high.store(0, Ordering::Release);
        thread::update_hot();
    }
}

/// Why [`register_stack`] did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The range has no byte.
    Empty,
    /// Too many ranges are registered.
    Full,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty range is no stack",
            Self::Full => "4096 stacks are registered already",
        })
    }
}

impl error::Error for RegisterError {}

/// The registered stack that `address` lies on.
pub(crate) fn find(address: usize) -> Option<StackBounds> {
    ranges().find(|bounds| bounds.contains(address))
}

/// Whether any registered stack lies, also in part, inside of `around`.
pub(crate) fn any_inside(around: StackBounds) -> bool {
    ranges().any(|bounds| bounds.low() < around.high() && around.low() < bounds.high())
}

fn ranges() -> impl Iterator<Item = StackBounds> {
    RANGES[..USED.load(Ordering::Acquire)].iter().filter_map(|slot| {
        let high = slot.high.load(Ordering::Acquire);
        let low = slot.low.load(Ordering::Acquire);
        // A slot that was freed and taken again in between shows another `high` now.
        let stable = slot.high.load(Ordering::Acquire) == high;
        (high > CLAIMED && stable && low < high).then(|| StackBounds::new(low, high, Source::Registered))
    })
}

#[cfg(all(test, target_os = "linux", target_env = "gnu", target_arch = "x86_64", not(miri)))]
mod interleavings {
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::vec::Vec;

    use super::*;
    use crate::sync::model::{Actor, Bounds, explore};

    const RANGES: [(usize, usize); 3] = [(100, 200), (300, 400), (500, 600)];

    /// The slots are the process's, so that only one test may use them at a time.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register_and_forget(range: (usize, usize)) {
        drop(register_stack(range.0..range.1).expect("there is room"));
    }

    fn look() {
        for bounds in ranges() {
            assert!(RANGES.contains(&(bounds.low(), bounds.high())), "nobody has registered {bounds}");
        }
    }

    #[test]
    fn bounds_of_two_registrations_are_mixed() {
        let _alone = alone();
        let begin = || {
            let writes = Actor::new(|| RANGES[..2].iter().copied().for_each(register_and_forget));
            let interrupted = writes.interrupted_by(|| register_and_forget(RANGES[2]));
            (Vec::new(), Vec::from([interrupted, Actor::new(look)]))
        };
        let runs = explore(Bounds { preemptions: 1, stale: 2 }, begin, || assert_eq!(ranges().count(), 0));
        std::println!("{runs} runs");
    }

    #[test]
    fn two_registrations_get_one_slot() {
        let _alone = alone();
        let begin = || {
            let one = |range| {
                Actor::new(move || {
                    let registration = register_stack(range..range + 100).expect("there is room");
                    assert_eq!(find(range).map(|bounds| bounds.high()), Some(range + 100));
                    drop(registration);
                })
            };
            (Vec::new(), Vec::from([one(100), one(300)]))
        };
        let runs = explore(Bounds { preemptions: 1, stale: 2 }, begin, || assert_eq!(ranges().count(), 0));
        std::println!("{runs} runs");
    }
}
