//! What each callback has done: a slot for each of them, and the figures that people get.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

use crate::callback::Callback;

/// Callbacks beyond so many are not counted.
const SLOTS: usize = 1024;

/// The figures of one callback.
struct Slot {
    callback: AtomicPtr<Callback>,
    in_place: AtomicUsize,
    switched: AtomicUsize,
    refused: AtomicUsize,
    deepest_bytes: AtomicUsize,
}

impl Slot {
    const fn free() -> Self {
        Self {
            callback: AtomicPtr::new(ptr::null_mut()),
            in_place: AtomicUsize::new(0),
            switched: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            deepest_bytes: AtomicUsize::new(0),
        }
    }
}

static STATS: [Slot; SLOTS] = [const { Slot::free() }; SLOTS];

/// What one callback has done in this process so far. Returned by [`callback_stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackStats {
    /// The path of the function, or the name of the [`Options`](crate::Options).
    pub name: &'static str,
    /// How often C has called it.
    pub calls: usize,
    /// How often its body ran on the stack that C called it on.
    pub in_place: usize,
    /// How often its body ran on a system stack.
    pub switched: usize,
    /// How often its body could not run.
    pub refused: usize,
    /// The deepest use of a system stack that was measured: by the body and all that it called
    /// there, in whole pages.
    ///
    /// Measured are the 1st, 2nd, 4th, 8th and so on of its bodies on system stacks, and each that
    /// goes deeper than every body before on the same stack. So another one may have gone deeper
    /// than this, but not deeper than the deepest body on its stack, and what another callback has
    /// used never counts here. `None` where nothing was measured: before the first switch, where
    /// memory is locked (mlockall), and on systems other than Linux.
    pub deepest_bytes: Option<usize>,
    /// The option `reserve`.
    pub asked_bytes: usize,
}

/// The figures of every callback that C has called so far, in no order. A generic function may have
/// several, of the same name.
///
/// With the feature `stats` only. The first 1,024 callbacks are counted. With that feature no
/// callback takes the fast path.
///
/// ```
/// use guarded_callback::{Mode, Options, call_guarded, callback_stats};
/// static WORK: Options = Options::new("work").switch(Mode::Always);
/// call_guarded(&WORK, || ());
/// let work = callback_stats().find(|callback| callback.name == "work").expect("it was called");
/// assert_eq!((work.calls, work.asked_bytes), (1, 128 * 1024));
/// ```
#[cfg(feature = "stats")]
pub fn callback_stats() -> impl Iterator<Item = CallbackStats> {
    STATS.iter().filter_map(|slot| {
        // SAFETY: a slot is taken with the address of a callback, which is static.
        let callback = unsafe { slot.callback.load(Acquire).as_ref()? };
        let [in_place, switched, refused] =
            [&slot.in_place, &slot.switched, &slot.refused].map(|sum| sum.load(Relaxed));
        let deepest_bytes = slot.deepest_bytes.load(Relaxed);
        Some(CallbackStats {
            name: callback.name,
            calls: in_place + switched + refused,
            in_place,
            switched,
            refused,
            deepest_bytes: (deepest_bytes != 0).then_some(deepest_bytes),
            asked_bytes: callback.reserve_bytes,
        })
    })
}

/// Bodies in place and on system stacks, of all callbacks.
pub(crate) fn of_all() -> (usize, usize) {
    let sum =
        |count: fn(&Slot) -> &AtomicUsize| STATS.iter().map(|slot| count(slot).load(Relaxed)).sum();
    (sum(|slot| &slot.in_place), sum(|slot| &slot.switched))
}

/// The slot of `callback`, or the first free one from its address's place on; `None` where all are
/// taken, and without the feature.
#[inline(always)]
fn slot(callback: &'static Callback) -> Option<&'static Slot> {
    if cfg!(feature = "stats") { find_slot(callback) } else { None }
}

fn find_slot(callback: &'static Callback) -> Option<&'static Slot> {
    let address = ptr::from_ref(callback).cast_mut();
    let first = address.addr() / align_of::<Callback>() % SLOTS;
    let mut slots = (0..SLOTS).map(|step| &STATS[(first + step) % SLOTS]);
    slots.find(|slot| {
        slot.callback.load(Acquire) == address
            || match slot.callback.compare_exchange(ptr::null_mut(), address, AcqRel, Acquire) {
                Ok(_) => true,
                Err(now) => now == address,
            }
    })
}

#[inline(always)]
pub(crate) fn in_place(callback: &'static Callback) {
    slot(callback).inspect(|slot| _ = slot.in_place.fetch_add(1, Relaxed));
}

/// Counts a switch. Whether its depth is to be measured in any case.
#[inline(always)]
pub(crate) fn switched(callback: &'static Callback) -> bool {
    slot(callback).is_some_and(|slot| (slot.switched.fetch_add(1, Relaxed) + 1).is_power_of_two())
}

#[inline(always)]
pub(crate) fn refused(callback: &'static Callback) {
    slot(callback).inspect(|slot| _ = slot.refused.fetch_add(1, Relaxed));
}

#[inline(always)]
pub(crate) fn deepest(callback: &'static Callback, bytes: usize) {
    slot(callback).inspect(|slot| _ = slot.deepest_bytes.fetch_max(bytes, Relaxed));
}
