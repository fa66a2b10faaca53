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
///
/// Called with little stack left: a flat loop, because in a debug build each call takes a frame.
#[inline(always)]
pub(crate) fn take(room_bytes: usize) -> Option<NonNull<Header>> {
    let slots = settings::spare_stacks();
    let mut slot = 0;
    while slot < slots {
        if !SLOTS[slot].load(Ordering::Relaxed).is_null() {
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

/// As [`take`], of those that lie below `highest` the highest: the lower ones are left to bodies that are called from this one's. Otherwise
/// two runtimes whose bodies call each other would find none below after a while, and map one each time.
#[cfg_attr(not(any(windows, test)), allow(dead_code, reason = "for systems where frames are unwound upwards only"))]
pub(crate) fn take_highest_below(room_bytes: usize, mut highest: usize) -> Option<NonNull<Header>> {
    let slots = settings::spare_stacks();
    loop {
        let (mut best, mut best_slot) = (ptr::null_mut::<Header>(), 0);
        let mut slot = 0;
        while slot < slots {
            let header = SLOTS[slot].load(Ordering::Relaxed);
            if header.addr() > best.addr() && header.addr() < highest {
                (best, best_slot) = (header, slot);
            }
            slot += 1;
        }
        let header = NonNull::new(best)?;
        // The same stack may have been away meanwhile: it is as good as before. Another one need not be.
        let taken =
            SLOTS[best_slot].compare_exchange(best, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken {
            // SAFETY: as in `take`.
            if unsafe { header.as_ref() }.room_bytes >= room_bytes {
                counters::reused();
                return Some(header);
            }
            put_back(header);
            highest = best.addr();
        }
    }
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
    fn stack_that_is_too_small_or_too_low_is_taken_before_the_highest_that_fits() {
        let _one = ONE_TEST_AT_A_TIME.lock();
        settings::SPARE.store(4, Ordering::Relaxed);
        // From low to high, into the slots in another order.
        let mut headers = [2000, 2000, 1000, 2000].map(header);
        headers.sort();
        // SAFETY: nobody else has them.
        headers
            .iter_mut()
            .zip([2000, 2000, 1000, 2000])
            .for_each(|(header, room)| unsafe { header.as_mut().room_bytes = room });
        [2, 0, 3, 1].into_iter().for_each(|at| assert!(put(headers[at])));
        let highest = headers[3].addr().get();
        assert_eq!(take_highest_below(2000, highest), Some(headers[1]));
        assert_eq!(take_highest_below(3000, highest), None);
        assert_eq!((take_highest_below(2000, headers[1].addr().get()), len()), (Some(headers[0]), 2));
        assert_eq!(take_highest_below(1000, usize::MAX), Some(headers[3]));
        assert_eq!((take_highest_below(1000, usize::MAX), len()), (Some(headers[2]), 0));
        // SAFETY: all of them are out of the pool.
        headers.into_iter().for_each(|header| unsafe { free(header) });
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
