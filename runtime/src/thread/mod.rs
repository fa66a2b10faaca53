//! What a thread knows of its stacks: state only. It lies in the header of the thread's first
//! stack, which the thread keeps until it ends; the words that the fast path reads lie apart, in
//! [`tls`].
//!
//! A signal handler may run between any two instructions that read this. Most of it is changed by
//! the slow path only, which blocks signals meanwhile. The rest (the words, the list of idle
//! stacks, the notes of stacks that were left, the cursors) is written so that a handler in between
//! finds what was before, or nothing.

pub(crate) mod exit;
pub(crate) mod id;
pub(crate) mod signal_mask;
pub(crate) mod signal_stack;
pub(crate) mod tls;

use core::mem::offset_of;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering::*};

use self::tls::Words;
use crate::bounds::{Source, StackBounds};
use crate::callback::Callback;
use crate::stack::list::List;
use crate::stack::{Header, IS_CLOSED, NO_STACK, ROOM_BYTES, THREAD_WORDS, orphan};
use crate::{fast, registry, settings};

#[derive(Default)]
#[repr(C)]
pub(crate) struct Thread {
    /// Used where the thread has no place for them elsewhere.
    own_words: Words,
    /// Those in use.
    words: AtomicPtr<Words>,
    /// The true bounds of the thread stack; empty where the system does not tell.
    pub(crate) stack: Span,
    /// Who told them, as [`bounds`](Self::bounds) reads it; 0 before they were asked for.
    source: AtomicU8,
    /// Why callbacks take the slow path: [`IS_DECIDING`], [`SIGNAL_STACK_IS_CARVED`],
    /// [`HAS_NO_BOUNDS`].
    slow_path: AtomicU8,
    /// The thread is ending, or its end cannot be heard of: it keeps nothing.
    is_dying: AtomicBool,
    /// The alternate signal stack as it was when it was asked for; empty without one.
    pub(crate) signal_stack: Span,
    signal_disarms: AtomicBool,
    has_lent: AtomicBool,
    /// All stacks of the thread, linked by [`Header::next_held`]: the latest first.
    held: AtomicPtr<Header>,
    held_count: AtomicUsize,
    /// Where the next look for dead activations begins, and that for idle stacks: were they one,
    /// each would see the same stacks again and again.
    pub(crate) dead_cursor: AtomicPtr<Header>,
    pub(crate) idle_cursor: AtomicPtr<Header>,
    /// The first callback whose body ran in place on the thread stack, null before.
    first_in_place: AtomicPtr<Callback>,
    /// The stack that the next body runs on, if it is idle.
    home: AtomicPtr<Header>,
    /// Idle stacks but for `home`; as far as they are known to be idle.
    idle: List,
    idle_count: AtomicUsize,
    pub(crate) registry_hint: AtomicUsize,
    /// What the stacks of activations hold that are perhaps dead, as far as they were looked at.
    pub(crate) unproven_bytes: AtomicUsize,
    /// Stacks that were the home when another became it, with activations that may be dead: nobody
    /// has looked at them since.
    left: [AtomicPtr<Header>; 4],
}

/// Addresses. A signal handler that finds them half changed finds none.
#[derive(Default)]
pub(crate) struct Span {
    low: AtomicUsize,
    bytes: AtomicUsize,
}

impl Span {
    fn set(&self, range: Range<usize>) {
        self.bytes.store(0, Release);
        self.low.store(range.start, Release);
        self.bytes.store(range.end - range.start, Release);
    }

    fn get(&self) -> Range<usize> {
        let low = self.low.load(Relaxed);
        low..low + self.bytes.load(Relaxed)
    }

    /// Its bounds, if `address` lies in it.
    #[inline(always)]
    pub(crate) fn with(&self, address: usize) -> Option<(usize, usize)> {
        let (low, bytes) = (self.low.load(Relaxed), self.bytes.load(Relaxed));
        (address.wrapping_sub(low) < bytes).then_some((low, low + bytes))
    }
}

/// The slow path is at work.
const IS_DECIDING: u8 = 1;

/// A registered stack lies inside of the alternate signal stack: leaving it leaves that as well.
const SIGNAL_STACK_IS_CARVED: u8 = 2;

/// The bounds of the thread stack were not asked for yet.
const HAS_NO_BOUNDS: u8 = 4;

const _: () = assert!(size_of::<Thread>() <= THREAD_WORDS * size_of::<usize>());

/// The state of the calling thread; `None` before its first use. Never remembered across a call of
/// foreign code: a coroutine may carry the caller to another thread.
#[inline(always)]
pub(crate) fn current() -> Option<&'static Thread> {
    let thread = tls::words()?.thread().cast::<Thread>();
    // SAFETY: null, or what `make_current` or `exit::watch` was given: the state of this thread,
    // which lives until it ends.
    unsafe { thread.as_ref() }
}

impl Thread {
    /// Begins the state of the calling thread in the header of its first stack, which nobody else
    /// has.
    pub(crate) fn begin(first: &'static Header) -> &'static Self {
        let home = AtomicPtr::new(ptr::from_ref(&NO_STACK).cast_mut());
        let new = Self { home, slow_path: AtomicU8::new(HAS_NO_BOUNDS), ..Self::default() };
        let space = first.thread.get().cast::<Self>();
        // SAFETY: the space is large enough and aligned to 64, and nobody else uses the stack.
        let thread = unsafe {
            space.write(new);
            &*space
        };
        let words = tls::words().unwrap_or(&thread.own_words);
        thread.words.store(ptr::from_ref(words).cast_mut(), Relaxed);
        thread
    }

    /// From now on [`current`] finds the state.
    pub(crate) fn make_current(&self) {
        self.words().set_thread(self.as_ptr());
    }

    /// The state as who hears of the thread's end gets it.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The number that stands for the thread in [`Header::owner`].
    #[inline]
    pub(crate) fn number(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// The thread's first stack, in whose header this lies.
    pub(crate) fn first(&self) -> &'static Header {
        Self::first_of(self.number())
    }

    /// The first stack of the thread with that number.
    fn first_of(number: usize) -> &'static Header {
        // SAFETY: `begin` has put the state there; the address of the header was exposed when its
        // slot was mapped, and headers stay.
        unsafe { &*ptr::with_exposed_provenance(number - offset_of!(Header, thread)) }
    }

    fn words(&self) -> &Words {
        // SAFETY: set by `begin`; they live as long as the thread.
        unsafe { &*self.words.load(Relaxed) }
    }

    #[inline]
    pub(crate) fn has_bounds(&self) -> bool {
        self.source.load(Acquire) != 0
    }

    /// The bounds of the thread stack; outer `None` before they were asked for.
    pub(crate) fn bounds(&self) -> Option<Option<StackBounds>> {
        let source = match self.source.load(Acquire) {
            0 => return None,
            1 => Source::Thread,
            2 => Source::MainThread,
            _ => Source::Estimated,
        };
        let Range { start, end } = self.stack.get();
        Some((start < end).then(|| StackBounds::new(start, end, source)))
    }

    /// Sets the bounds. A signal handler in between sees none.
    pub(crate) fn set_bounds(&self, bounds: Option<StackBounds>) {
        self.source.store(0, Release);
        self.stack.set(bounds.map_or(0..0, |bounds| bounds.low()..bounds.high()));
        let source = match bounds.map(|bounds| bounds.source()) {
            Some(Source::MainThread) => 2,
            Some(Source::Estimated) => 3,
            _ => 1,
        };
        self.source.store(source, Release);
        self.set_reason(HAS_NO_BOUNDS, false);
    }

    pub(crate) fn signal_stack(&self) -> Range<usize> {
        self.signal_stack.get()
    }

    /// Whether the kernel puts it out of force while a handler runs on it.
    pub(crate) fn signal_stack_disarms(&self) -> bool {
        self.signal_disarms.load(Relaxed)
    }

    pub(crate) fn set_signal_stack(&self, range: Range<usize>, disarms: bool) {
        self.signal_stack.set(0..0);
        self.signal_disarms.store(disarms, Relaxed);
        self.signal_stack.set(range);
    }

    /// Takes up for the fast path what is known by now: where the thread stack is, up to the first
    /// other stack that lies inside of it, and the home.
    pub(crate) fn update_words(&self) {
        let is_for_slow_path = self.is_dying() || self.has_lent() || settings::switch_by_default();
        let signal = self.signal_stack();
        let is_carved = registry::lowest_inside(signal.start, signal.end).is_some();
        self.set_reason(SIGNAL_STACK_IS_CARVED, is_carved);
        let bounds = self.bounds().flatten().filter(|_| !is_for_slow_path);
        let (low, high) = bounds.map_or((0, 0), |bounds| {
            let (low, high) = (bounds.low(), bounds.high());
            let first_inside = registry::lowest_inside(low, high).unwrap_or(high);
            let is_inside = signal.start < signal.end && signal.start < high && low < signal.end;
            let before_signal = if is_inside { signal.start.max(low) } else { high };
            (low, high.min(first_inside).min(before_signal))
        });
        let (low, high) = if low < high { (low, high) } else { (0, 0) };
        self.words().set_range(low, high);
        if self.first_in_place().is_some() {
            self.words().allow_in_place();
        }
        self.set_home(self.home());
    }

    pub(crate) fn first_in_place(&self) -> Option<&'static Callback> {
        // SAFETY: null or a callback, which is static.
        unsafe { self.first_in_place.load(Relaxed).as_ref() }
    }

    /// A body is about to run in place on the thread stack. After the first one the fast path need
    /// not ask.
    #[inline]
    pub(crate) fn runs_in_place(&self, callback: &'static Callback) {
        if self.first_in_place().is_none() {
            self.first_in_place.store(ptr::from_ref(callback).cast_mut(), Relaxed);
            self.words().allow_in_place();
        }
    }

    pub(crate) fn home(&self) -> &'static Header {
        // SAFETY: set to a header, and headers stay.
        unsafe { &*self.home.load(Relaxed) }
    }

    /// Makes `home` the stack that the next body runs on, and lets the fast path take it, unless it
    /// has to look closer: no other stack may lie inside.
    pub(crate) fn set_home(&self, home: &'static Header) {
        self.home.store(ptr::from_ref(home).cast_mut(), Relaxed);
        let signal = self.signal_stack();
        let is_carved = home.is_carved.load(Relaxed) || home.contains(signal.start);
        let is_above = !fast::SWITCHES_UP
            && self.has_bounds()
            && ptr::from_ref(home).addr() > self.stack.get().end;
        let is_for_fast_path =
            home.room_bytes >= ROOM_BYTES && !is_carved && !is_above && !self.is_dying();
        self.words().set_home(if is_for_fast_path { home } else { &NO_STACK });
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = &'static Header> + use<> {
        held_from(self.held.load(Acquire))
    }

    /// Notes a stack that may have been left by a longjmp, if there is room.
    pub(crate) fn note_left(&self, header: &'static Header) {
        if let Some(free) = self.left.iter().find(|left| left.load(Relaxed).is_null()) {
            free.store(ptr::from_ref(header).cast_mut(), Relaxed);
        }
    }

    /// Whether there is no more room.
    pub(crate) fn notes_are_full(&self) -> bool {
        self.left.iter().all(|left| !left.load(Relaxed).is_null())
    }

    pub(crate) fn take_left(&self) -> impl Iterator<Item = &'static Header> + use<'_> {
        // SAFETY: null or a header, and headers stay.
        self.left.iter().filter_map(|left| unsafe { left.swap(ptr::null_mut(), Relaxed).as_ref() })
    }

    pub(crate) fn held_count(&self) -> usize {
        self.held_count.load(Relaxed)
    }

    /// Takes a stack from the pool into the list, in front. Signals are blocked.
    pub(crate) fn hold(&self, header: &'static Header) {
        header.is_returned.store(false, Relaxed);
        header.set_owner(self.number(), tls::place());
        header.next_held.store(self.held.load(Relaxed), Relaxed);
        self.held.store(ptr::from_ref(header).cast_mut(), Release);
        self.held_count.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn holds(&self, header: &Header) -> bool {
        header.owner.load(Relaxed) == self.number()
    }

    /// The next four stacks in the order of the list, which begins anew at its end. The calls with
    /// one cursor together show all stacks.
    pub(crate) fn next_four(
        &self,
        cursor: &AtomicPtr<Header>,
    ) -> impl Iterator<Item = &'static Header> {
        (0..4).filter_map(|_| {
            let header = held_from(cursor.load(Relaxed)).chain(self.held()).next()?;
            cursor.store(header.next_held.load(Acquire), Relaxed);
            Some(header)
        })
    }

    /// Takes the idle stack that was listed last; from an empty list, one that another thread has
    /// returned.
    pub(crate) fn pop_idle(&self) -> Option<&'static Header> {
        let Some(header) = self.idle.pop() else { return self.pop_returned() };
        header.is_listed.store(false, Relaxed);
        self.idle_count.fetch_sub(1, Relaxed);
        Some(header)
    }

    /// Puts an idle stack into the list, unless it is there.
    pub(crate) fn push_idle(&self, header: &'static Header) {
        if !header.is_listed.swap(true, Relaxed) {
            // Counted first: a handler may take the stack out at once.
            self.idle_count.fetch_add(1, Relaxed);
            self.idle.push(header);
        }
    }

    /// The activation on the stack has ended, on another thread than the one that has the stack:
    /// makes it idle and tells the owner.
    ///
    /// The owner's fast path may look at the stack at the same time. Without a lock, cmpxchg writes
    /// what it has found, and so perhaps that the stack is in use, after this thread has written
    /// that it is idle. Then the activation is found dead when its record is overwritten.
    ///
    /// The owner may end meanwhile, and another thread begin in its place, or another have the
    /// stack. So this is no more than a hint, which is looked at before it is used: headers stay
    /// readable, and what is lost in such a moment is found by looking at all.
    pub(crate) fn return_to_owner(header: &'static Header) {
        header.set_idle();
        let owner = header.owner.load(Relaxed);
        if !orphan::is_a_thread(owner) || IS_CLOSED.load(Relaxed) {
            return;
        }
        let row = &Self::first_of(owner).returned;
        if !header.is_returned.swap(true, AcqRel) {
            // Fails never.
            let _ = row.fetch_update(Release, Relaxed, |first| {
                header.next_returned.store(first, Relaxed);
                Some(ptr::from_ref(header).cast_mut())
            });
        }
    }

    /// The stack that was returned last, and is taken out of the row.
    fn pop_returned(&self) -> Option<&'static Header> {
        let next = |first: *mut Header| {
            // SAFETY: null or a header, and headers stay.
            unsafe { first.as_ref() }.map(|header| header.next_returned.load(Relaxed))
        };
        let first = self.first().returned.fetch_update(Acquire, Acquire, next).ok()?;
        // SAFETY: as above, and not null.
        let header = unsafe { &*first };
        // Should it be in two rows, they must not become a circle.
        header.next_returned.store(ptr::null_mut(), Relaxed);
        header.is_returned.swap(false, AcqRel);
        self.holds(header).then_some(header)
    }

    pub(crate) fn idle_count(&self) -> usize {
        self.idle_count.load(Relaxed)
    }

    /// Whether no callback is to be answered with what is known.
    pub(crate) fn is_for_slow_path(&self) -> bool {
        self.slow_path.load(Relaxed) != 0
    }

    pub(crate) fn is_deciding(&self) -> bool {
        self.slow_path.load(Relaxed) & IS_DECIDING != 0
    }

    pub(crate) fn set_deciding(&self, is_deciding: bool) {
        self.set_reason(IS_DECIDING, is_deciding);
    }

    fn set_reason(&self, reason: u8, holds: bool) {
        let others = self.slow_path.load(Relaxed) & !reason;
        self.slow_path.store(if holds { others | reason } else { others }, Relaxed);
    }

    pub(crate) fn is_dying(&self) -> bool {
        self.is_dying.load(Relaxed)
    }

    /// From now on the thread keeps no stack beyond the end of an activation.
    pub(crate) fn set_dying(&self) {
        self.is_dying.store(true, Relaxed);
        self.update_words();
    }

    /// Whether the thread has another alternate signal stack while the body of a handler runs.
    pub(crate) fn has_lent(&self) -> bool {
        self.has_lent.load(Relaxed)
    }

    /// Notes that. Meanwhile the fast path takes no SP for being on the thread stack.
    pub(crate) fn set_lent(&self, has_lent: bool) {
        self.has_lent.store(has_lent, Relaxed);
        self.update_words();
    }

    /// Ends the state: its stacks are no longer the thread's.
    pub(crate) fn end(&self) {
        self.words().set_range(0, 0);
        self.words().set_home(&NO_STACK);
        self.words().set_ended();
    }
}

fn held_from(first: *mut Header) -> impl Iterator<Item = &'static Header> + use<> {
    // SAFETY: null or a header, and headers stay.
    core::iter::successors(unsafe { first.as_ref() }, |header| unsafe {
        header.next_held.load(Acquire).as_ref()
    })
}
