//! Counters of the process. A warm callback counts none but those of the feature `stats`.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What the runtime has done in this process so far. Returned by [`stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// System stacks mapped, ever.
    pub stacks_mapped: usize,
    /// System stacks given back to the system, ever.
    pub stacks_unmapped: usize,
    /// Times that a stack came from the pool instead of a new mapping.
    pub stacks_reused: usize,
    /// Stacks that lie in the pool at this moment.
    pub stacks_pooled: usize,
    /// Stacks taken back from activations that a longjmp or an exception had abandoned.
    pub stacks_reclaimed: usize,
    /// Callbacks that took the slow path, which makes system calls: the first one of a thread, and
    /// those that needed a further stack or left an alternate signal stack, for instance.
    pub slow_paths: usize,
    /// Bodies that ran on the stack that C called them on. With the feature `stats`.
    #[cfg(feature = "stats")]
    pub bodies_in_place: usize,
    /// Bodies that ran on a system stack. With the feature `stats`.
    #[cfg(feature = "stats")]
    pub bodies_switched: usize,
    /// Callbacks whose body could not run for lack of room.
    pub refusals: usize,
}

/// How many stacks lie in the pool.
pub(crate) static POOLED: AtomicUsize = AtomicUsize::new(0);
pub(crate) static MAPPED: AtomicUsize = AtomicUsize::new(0);
pub(crate) static UNMAPPED: AtomicUsize = AtomicUsize::new(0);
pub(crate) static REUSED: AtomicUsize = AtomicUsize::new(0);
pub(crate) static RECLAIMED: AtomicUsize = AtomicUsize::new(0);
pub(crate) static SLOW: AtomicUsize = AtomicUsize::new(0);
pub(crate) static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// The counters of this process.
///
/// ```
/// let stats = guarded_callback::stats();
/// assert!(stats.stacks_mapped >= stats.stacks_unmapped);
/// ```
#[must_use]
pub fn stats() -> Stats {
    #[cfg(feature = "stats")]
    let (bodies_in_place, bodies_switched) = super::callback_stats::of_all();
    Stats {
        // Read first: other threads go on counting, and no more are unmapped than were mapped.
        stacks_unmapped: UNMAPPED.load(Relaxed),
        stacks_mapped: MAPPED.load(Relaxed),
        stacks_reused: REUSED.load(Relaxed),
        stacks_pooled: POOLED.load(Relaxed),
        stacks_reclaimed: RECLAIMED.load(Relaxed),
        #[cfg(feature = "stats")]
        bodies_in_place,
        #[cfg(feature = "stats")]
        bodies_switched,
        slow_paths: SLOW.load(Relaxed),
        refusals: REFUSED.load(Relaxed),
    }
}
