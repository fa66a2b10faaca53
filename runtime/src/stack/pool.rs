//! The process-wide store of unused system stacks.
//!
//! A fixed row of slots, each taken and filled by one atomic exchange. There is no lock that a fork
//! could copy in the locked state, no link that could be read after its stack is gone, and a signal handler
//! can use it while the thread that it interrupted is in the middle of it.

use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;

use super::Header;
use crate::report::counters;
use crate::settings;
use crate::sync::AtomicPtr;

/// The most stacks that [`Settings::spare_stacks`](crate::Settings::spare_stacks) can keep.
pub(crate) const LARGEST_POOL: usize = 256;

static SLOTS: [AtomicPtr<Header>; LARGEST_POOL] = [const { AtomicPtr::new(ptr::null_mut()) }; LARGEST_POOL];

/// Takes a stack with at least `room_bytes`, if there is one.
#[inline(always)]
pub(crate) fn take(room_bytes: usize) -> Option<NonNull<Header>> {
    take_below(room_bytes, usize::MAX)
}

/// As [`take`], of those that lie below `highest`.
///
/// Called with little stack left: flat loops, because in a debug build each call takes a frame.
pub(crate) fn take_below(room_bytes: usize, highest: usize) -> Option<NonNull<Header>> {
    let slots = settings::spare_stacks();
    let mut slot = 0;
    while slot < slots {
        let at = SLOTS[slot].load(Ordering::Relaxed).addr();
        if at != 0 && at < highest {
            let header = SLOTS[slot].swap(ptr::null_mut(), Ordering::Acquire);
            if let Some(header) = NonNull::new(header) {
                // SAFETY: what the exchange returned belongs to this caller alone, and a stack in the pool is mapped.
                if unsafe { header.as_ref() }.room_bytes >= room_bytes {
                    counters::reused();
                    return Some(header);
                }
                put_back(header);
            }
        }
        slot += 1;
    }
    None
}

/// Returns a stack that was too small; with the pool full in the meantime it goes back to the system.
#[cold]
fn put_back(header: NonNull<Header>) {
    // SAFETY: the stack was just taken out of the pool and never used.
    unsafe { super::put(header) }
}

/// Keeps a stack for later. False when all slots are full; then the stack still belongs to the caller.
pub(crate) fn put(header: NonNull<Header>) -> bool {
    let slots = settings::spare_stacks();
    SLOTS[..slots].iter().any(|slot| {
        slot.load(Ordering::Relaxed).is_null()
            && slot.compare_exchange(ptr::null_mut(), header.as_ptr(), Ordering::Release, Ordering::Relaxed).is_ok()
    })
}

/// How many stacks lie in the pool now.
pub(crate) fn len() -> usize {
    SLOTS.iter().filter(|slot| !slot.load(Ordering::Relaxed).is_null()).count()
}

/// Takes every stack out of the pool and gives its memory back to the system.
pub(crate) fn drain() -> usize {
    let taken = SLOTS.iter().filter_map(|slot| NonNull::new(slot.swap(ptr::null_mut(), Ordering::Acquire)));
    taken
        .map(|header| {
            // SAFETY: the exchange made this caller the owner of a mapped, unused stack.
            unsafe { super::unmap(header) };
        })
        .count()
}

/// Tests of the pool change what the process has only one of.
#[cfg(test)]
pub(crate) static ONE_TEST_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;

    /// A header without a stack: the pool looks at its room alone.
    fn header(room_bytes: usize) -> NonNull<Header> {
        NonNull::from(Box::leak(Box::new(Header::new(0, room_bytes, 0, 0, 0))))
    }

    /// # Safety
    /// Made by `header`, and out of the pool.
    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: see above.
        drop(unsafe { Box::from_raw(header.as_ptr()) });
    }

    #[test]
    fn pool_keeps_more_than_it_may_or_gives_out_what_is_too_small() {
        let _one = ONE_TEST_AT_A_TIME.lock();
        settings::SPARE.store(2, Ordering::Relaxed);
        let [small, large, third] = [header(1000), header(2000), header(3000)];
        assert!(put(small) && put(large));
        assert!(!put(third), "there is no slot left");
        assert_eq!((take(2001), len()), (None, 2));
        assert_eq!(take(1001), Some(large));
        assert_eq!((take(1001), take(1000), len()), (None, Some(small), 0));
        // SAFETY: all of them are out of the pool.
        [small, large, third].into_iter().for_each(|header| unsafe { free(header) });
    }
}
