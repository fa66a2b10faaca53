//! What a thread knows of its stacks: the only thread-locals of the runtime, these and those of [`hot`].
//!
//! They are const-initialised and have no destructor, so that they can be read at any time of a thread's life, in destructors
//! of other thread-locals and in signal handlers too. The thread's end is heard of through [`exit`].

pub(crate) mod exit;
pub(crate) mod hot;
pub(crate) mod id;
pub(crate) mod local;
pub(crate) mod signal_stack;

use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering::{self, Relaxed};
use core::sync::atomic::compiler_fence;

use self::hot::Hot;
use crate::bounds::{Source, StackBounds};
use crate::report::overflow;
use crate::stack::{self, Header, NO_STACK};
use crate::switch::Told;
use crate::{enter, guard, reclaim, register, settings, switch};

/// The state of one thread, apart from its [`hot`] words.
pub(crate) struct Thread {
    /// All system stacks that the thread holds, linked through [`Header::next`].
    held: Cell<*const Header>,
    is_prepared: Cell<bool>,
    /// The true bounds, `None` where the system does not tell. To be read only when `has_bounds`.
    bounds: Cell<Option<StackBounds>>,
    /// False before they are asked for, and while they are written.
    has_bounds: Cell<bool>,
    /// Address of the [`Mark`] of whoever is in the cold path, zero if nobody is: a signal handler that arrives meanwhile adds to the
    /// list and takes away again what it has added, and leaves the rest alone.
    cold_at: Cell<usize>,
    /// The thread has begun to end (or its end could not be heard of): it keeps no stack any more.
    dying: Cell<bool>,
}

local::local! {
    static THREAD: Thread = Thread {
        held: Cell::new(ptr::null()),
        is_prepared: Cell::new(false),
        bounds: Cell::new(None),
        has_bounds: Cell::new(false),
        cold_at: Cell::new(0),
        dying: Cell::new(false),
    };
}

/// The state of the calling thread. Not a reference: a coroutine may carry the frame that asked to another thread.
#[inline(always)]
pub(crate) fn current() -> *const Thread {
    THREAD.with(ptr::from_ref)
}

/// Runs `look` on the calling thread's state, which must not outlive the call.
fn with<R>(look: impl FnOnce(&Thread) -> R) -> R {
    THREAD.with(look)
}

/// The bounds of the thread stack as they were when first asked for; outer `None` before that.
pub(crate) fn bounds() -> Option<Option<StackBounds>> {
    with(|thread| thread.has_bounds.get().then(|| thread.thread_stack()))
}

/// Looks at the stacks that the calling thread holds, outside of the cold path. A signal handler that calls back meanwhile takes none of them
/// away, as if it had interrupted the cold path.
pub(crate) fn look<R>(look: impl FnOnce(&Thread) -> R) -> R {
    with(|thread| {
        let mark = Mark::new();
        let is_outermost = thread.begin_cold(&mark, mark.address());
        let seen = look(thread);
        if is_outermost {
            thread.end_cold();
        }
        seen
    })
}

/// The system stack that `address` lies on, if the calling thread holds one there.
pub(crate) fn system_stack(address: usize) -> Option<&'static Header> {
    look(|thread| thread.held().find(|header| header.contains(address)))
}

/// Its bounds.
pub(crate) fn system_stack_at(address: usize) -> Option<StackBounds> {
    system_stack(address).map(|header| StackBounds::new(header.low, header.low + header.room_bytes, Source::System))
}

/// Takes up a change of what is registered, for the calling thread.
pub(crate) fn update_hot() {
    with(Thread::update_hot);
}

/// Takes the bounds of the calling thread's stack anew; `sp` is an address on the stack that the thread came from.
pub(crate) fn refresh(sp: usize) {
    with(|thread| {
        let mark = Mark::new();
        if thread.begin_cold(&mark, mark.address()) {
            thread.prepare();
            thread.set_bounds(match thread.outermost() {
                Some(header) => guard::thread_bounds(sp, header.host_sp.host()),
                None => guard::thread_bounds(sp, &Told::now()),
            });
            thread.find_signal_stack();
            thread.end_cold();
        }
    });
}

/// Lies in the frame of whoever is in the cold path, and holds the thread's address for as long as that frame lives.
pub(crate) struct Mark(Cell<usize>);

impl Mark {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(0))
    }

    fn address(&self) -> usize {
        ptr::from_ref(self).expose_provenance()
    }
}

/// Lets the system know that the thread has left its stacks but the one with `sp`, where a longjmp did not.
pub(crate) fn settle(sp: usize) {
    with(|thread| {
        for _ in 0..thread.held().count() {
            let left = |header: &&Header| header.host_sp.is_told() && !header.contains(sp);
            let Some(header) = thread.held().find(left) else { return };
            header.host_sp.settle();
        }
    });
}

/// As [`settle`], for a thread that ends: the system frees the stack that it was told of, which must be the thread's own.
fn settle_at_end() {
    settle(switch::stack_pointer());
    if let Some(header) = with(Thread::outermost) {
        header.host_sp.tell_what_to_free();
    }
}

impl Thread {
    /// Does what a thread needs, but for the bounds: a place to report an overflow from, and once, word of the thread's end.
    pub(crate) fn prepare(&self) {
        if !self.dying.get() {
            overflow::cover_thread();
        }
        if !self.is_prepared.replace(true) && !exit::watch() {
            self.set_dying();
        }
    }

    /// Ends the activations whose bodies were unwound by an unwinder that was still on their stacks then (Microsoft's), and is not any more:
    /// the system takes the stack that they were called from for the one in use, and nobody visits it. Whether there were any.
    ///
    /// On other stacks (of a fiber, of a body that was called meanwhile) code may run that the unwinder has called.
    pub(crate) fn end_unwound(&self, sp: usize) -> bool {
        let now = Told::now();
        let mut any = false;
        while let Some(header) = self.held().find(|header| self.is_left(header, sp, &now)) {
            enter::end(header);
            any = true;
        }
        any
    }

    /// Whether the unwinder has left `header` for the stack that the system knows as `now`, on which SP is.
    fn is_left(&self, header: &Header, sp: usize, now: &Told) -> bool {
        let mut next = Some(header);
        for _ in self.held() {
            let Some(header) = next else { return false };
            if !header.host_sp.is_unwound() || header.visits.get() != 0 || header.contains(sp) {
                return false;
            }
            if header.host_sp.host().is_same(now) {
                return true;
            }
            // Called from another stack that was unwound.
            next = header.host_record().and_then(|host| self.held().find(|below| below.contains(host)));
        }
        false
    }

    /// Takes the bounds of the thread's stack, once. They cost more than everything else at first use, so this waits for a callback that
    /// depends on them.
    ///
    /// `sp` is an address on the stack that C called from, `told` what the system was told of that one before it was left.
    pub(crate) fn find_bounds(&self, sp: usize, told: &Told) {
        if !self.has_bounds.get() {
            self.set_bounds(guard::thread_bounds(sp, told));
        }
    }

    /// A signal handler in between sees no bounds, not wrong ones.
    fn set_bounds(&self, bounds: Option<StackBounds>) {
        self.has_bounds.set(false);
        compiler_fence(Ordering::SeqCst);
        self.bounds.set(bounds);
        compiler_fence(Ordering::SeqCst);
        self.has_bounds.set(true);
        self.update_hot();
        self.update_hot_stack();
    }

    /// Sets what the warm path takes for the thread stack: nothing where the cold path has to look closer each time.
    fn update_hot(&self) {
        let (signal_low, signal_bytes) = self.hot().signal_stack();
        let simple = |bounds: &StackBounds| {
            let is_carved = signal_bytes != 0 && bounds.contains(signal_low);
            !settings::switch_by_default() && !register::any_inside(*bounds) && !is_carved
        };
        let (low, room_bytes) = match self.thread_stack().filter(simple) {
            Some(bounds) => (bounds.low(), bounds.high() - bounds.low()),
            None => (0, 0),
        };
        self.hot().set_thread_stack(low, room_bytes);
    }

    /// The words that the warm path reads; `self` is the calling thread's state, so they are its own.
    pub(crate) fn hot(&self) -> &Hot {
        // SAFETY: the words live as long as the thread, as `self` does.
        unsafe { &*hot::hot() }
    }

    pub(crate) fn thread_stack(&self) -> Option<StackBounds> {
        if self.has_bounds.get() { self.bounds.get() } else { None }
    }

    /// Asks for the alternate signal stack, which the program may have set or changed since.
    pub(crate) fn find_signal_stack(&self) {
        let armed = signal_stack::armed();
        if armed != self.hot().signal_stack() {
            self.hot().set_signal_stack(armed);
            self.update_hot();
            self.update_hot_stack();
        }
    }

    /// The alternate signal stack, if `address` lies on it, as far as it is known.
    pub(crate) fn signal_stack_at(&self, address: usize) -> Option<StackBounds> {
        let (low, bytes) = self.hot().signal_stack();
        self.hot().is_on_signal_stack(address).then(|| StackBounds::new(low, low + bytes, Source::Signal))
    }

    /// The stacks that the thread holds, the latest first.
    pub(crate) fn held(&self) -> impl Iterator<Item = &'static Header> + use<> {
        // SAFETY: a held stack stays mapped until it is unlinked, which only this thread does, and no iterator
        // is kept across that.
        core::iter::successors(unsafe { self.held.get().as_ref() }, |header| unsafe { header.next.get().as_ref() })
    }

    /// The system stack that was entered first of those that the system is told of now, one from another.
    fn outermost(&self) -> Option<&'static Header> {
        let mut outermost = self.held().find(|header| header.host_sp.is_told())?;
        for _ in 0..self.held().count() {
            let host = outermost.host_sp.host();
            let Some(next) = self.held().find(|header| header.told.is_same(host)) else { break };
            outermost = next;
        }
        Some(outermost)
    }

    pub(crate) fn holds_several(&self) -> bool {
        self.held().nth(1).is_some()
    }

    /// Takes a stack into the list, in front. One store makes it visible, so that a signal handler can do the same in between.
    pub(crate) fn hold(&self, header: &'static Header) {
        header.holder.store(ptr::from_ref(self).addr(), Relaxed);
        header.next.set(self.held.get());
        compiler_fence(Ordering::SeqCst);
        self.held.set(header);
        self.update_hot_stack();
    }

    pub(crate) fn holds(&self, header: &Header) -> bool {
        header.holder.load(Relaxed) == ptr::from_ref(self).addr()
    }

    /// Whether the stack is the one that the thread has held longest, and keeps.
    pub(crate) fn is_first(&self, header: &Header) -> bool {
        self.holds(header) && header.next.get().is_null()
    }

    /// Takes a held stack out of the list.
    fn unlink(&self, header: &Header) {
        let link = if ptr::eq(self.held.get(), header) {
            &self.held
        } else {
            let Some(before) = self.held().find(|held| ptr::eq(held.next.get(), header)) else { return };
            &before.next
        };
        link.set(header.next.get());
        self.update_hot_stack();
    }

    /// The warm path takes the stack that it sees without looking whether SP is on another one of this thread, so it sees one only
    /// while there is no other. It is always the first, which is never given back before the thread ends: code that a signal
    /// handler interrupts on the warm path may go on to use it.
    ///
    /// A callback that may stay on the thread stack sees one only when it is known where that is.
    fn update_hot_stack(&self) {
        let only = !self.held.get().is_null() && !self.holds_several() && !self.dying.get();
        let stack = self.held().next().filter(|_| only).unwrap_or(&NO_STACK);
        self.hot().set_stack(stack, self.has_bounds.get());
    }

    /// Takes a held stack out of the list and gives it back.
    ///
    /// # Safety
    /// No activation lives on the stack and SP is not on it.
    pub(crate) unsafe fn release(&self, header: &'static Header) {
        self.unlink(header);
        header.set_idle();
        // SAFETY: the caller's promise, and no thread holds the stack any more.
        unsafe { stack::put(NonNull::from(header)) };
    }

    pub(crate) fn is_dying(&self) -> bool {
        self.dying.get()
    }

    /// From now on the thread keeps no stack beyond the end of an activation.
    pub(crate) fn set_dying(&self) {
        self.dying.set(true);
        self.update_hot_stack();
    }

    /// Enters the cold path, which changes the list. False when it was interrupted in there by a signal, whose handler is what
    /// arrives now. `mark` lies in the frame that enters, below `record`.
    pub(crate) fn begin_cold(&self, mark: &Mark, record: usize) -> bool {
        let before = self.cold_at.get();
        if before != 0 && !reclaim::is_left_behind(self, before, mark.address(), record) {
            return false;
        }
        self.enter_cold(mark);
        true
    }

    /// As [`begin_cold`](Self::begin_cold), where whoever was in the cold path is known to be gone.
    fn enter_cold(&self, mark: &Mark) {
        // SAFETY: writes to the mark itself; volatile, since it is read through its address alone.
        unsafe { mark.0.as_ptr().write_volatile(ptr::from_ref(self).addr()) };
        compiler_fence(Ordering::SeqCst);
        self.cold_at.set(mark.address());
        compiler_fence(Ordering::SeqCst);
    }

    pub(crate) fn end_cold(&self) {
        compiler_fence(Ordering::SeqCst);
        self.cold_at.set(0);
    }
}
