//! Orders of events around the pool and the orphans: no stack is handed out twice, none is lost, and who gets one sees all that its
//! last user has done. `cargo test --package guarded-callback --lib interleavings`
//!
//! Small numbers show what there is to see: one or two slots and stacks, two or three threads, one signal handler; each thread is made to
//! wait twice at most (see `Bounds`).

use core::cell::RefCell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::Relaxed;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use super::{Header, orphans, pool, put};
use crate::sync::model::{Actor, Bounds, explore};
use crate::{arrive, settings};

/// Who has which stack, apart from what the runtime thinks.
static OWNED: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

fn owned() -> MutexGuard<'static, BTreeSet<usize>> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
struct Stack(NonNull<Header>);

impl Stack {
    fn map() -> Self {
        Self(super::map(1).expect("memory"))
    }

    fn address(self) -> usize {
        self.0.as_ptr().addr()
    }

    fn header(self) -> &'static Header {
        // SAFETY: mapped; scenarios do not look at a stack after they have given it back.
        unsafe { self.0.as_ref() }
    }

    fn is_mapped(self) -> bool {
        let page = self.address() & !4095;
        let mut told = 0;
        // SAFETY: asks only, for one page, which need not be mapped.
        unsafe { libc::mincore(core::ptr::without_provenance_mut(page), 4096, (&raw mut told).cast()) == 0 }
    }

    fn own(self) {
        assert!(owned().insert(self.address()), "a stack was handed out twice");
    }

    fn give_back(self) {
        assert!(owned().remove(&self.address()), "a stack is given back that nobody has");
        // SAFETY: taken before, and not used again.
        unsafe { put(self.0) };
    }

    /// An activation that is running, on behalf of a holder.
    fn make_busy(self, holder: usize) -> Self {
        self.header().host.store(64, Relaxed);
        self.header().holder.store(holder, Relaxed);
        self.header().is_extra.store(true, Relaxed);
        self
    }

    /// What the end of an activation does (enter.rs).
    fn end_activation(self) {
        if self.header().is_extra.load(Relaxed) { arrive::leave(self.header()) } else { self.header().set_idle() }
    }
}

fn take() -> Option<Stack> {
    let stack = pool::take(1).map(Stack)?;
    stack.own();
    Some(stack)
}

fn take_and_give_back() {
    take().into_iter().for_each(Stack::give_back);
}

/// As above, and looks whether all that the last user has done is seen.
fn take_and_give_back_stamped() {
    if let Some(stack) = take() {
        assert_eq!(stack.header().holder.load(Relaxed), 0, "what the last user did is not seen");
        stack.header().holder.store(99, Relaxed);
        stack.give_back();
    }
}

/// Tries a scenario with so many slots and `count` stacks, of which the first `pooled` lie in the pool.
fn in_every_order(slots: usize, count: usize, pooled: usize, actors: impl Fn(&[Stack]) -> Vec<Actor>) {
    within(Bounds { preemptions: 2, stale: 1 }, slots, count, pooled, actors);
}

fn within(bounds: Bounds, slots: usize, count: usize, pooled: usize, actors: impl Fn(&[Stack]) -> Vec<Actor>) {
    let _one = pool::ONE_TEST_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    settings::SPARE.store(slots, Relaxed);
    let stacks: RefCell<Vec<Stack>> = RefCell::default();
    let begin = || {
        let mut stacks = stacks.borrow_mut();
        while stacks.len() < count {
            stacks.push(Stack::map());
        }
        stacks[..pooled].iter().for_each(|stack| assert!(pool::put(stack.0)));
        (stacks.iter().map(|stack| stack.address()).collect(), actors(&stacks))
    };
    let runs = explore(bounds, begin, || stacks.replace_with(|before| what_is_left(before)).clear());
    std::println!("{runs} runs");
    stacks
        .borrow()
        .iter()
        .for_each(|stack| crate::stack::memory::unmap(stack.header().base, stack.header().mapped_bytes));
}

/// Where each stack is at the end of a run: in the pool, an orphan, still somebody's, or given back to the system.
fn what_is_left(before: &[Stack]) -> Vec<Stack> {
    let mut left: Vec<Stack> =
        core::mem::take(&mut *owned()).into_iter().map(|address| find(before, address)).collect();
    left.extend(core::iter::from_fn(|| pool::take(0)).map(Stack));
    before.iter().filter(|stack| stack.is_mapped()).for_each(|stack| stack.header().set_idle());
    orphans::collect();
    left.extend(core::iter::from_fn(|| pool::take(0)).map(Stack));
    let addresses: BTreeSet<usize> = left.iter().map(|stack| stack.address()).collect();
    assert_eq!(addresses.len(), left.len(), "a stack is in two places");
    for stack in before {
        assert!(addresses.contains(&stack.address()) || !stack.is_mapped(), "a stack was lost");
    }
    left
}

fn find(stacks: &[Stack], address: usize) -> Stack {
    *stacks.iter().find(|stack| stack.address() == address).expect("one of them")
}

#[test]
fn stack_is_taken_twice_or_lost_by_three_threads() {
    in_every_order(1, 1, 1, |_| (0..3).map(|_| Actor::new(take_and_give_back)).collect());
}

#[test]
fn stack_comes_without_what_its_last_user_has_done() {
    in_every_order(1, 1, 1, |_| (0..2).map(|_| Actor::new(take_and_give_back_stamped)).collect());
}

#[test]
fn stack_is_taken_twice_or_lost_by_two_threads() {
    in_every_order(2, 2, 2, |_| (0..2).map(|_| Actor::new(take_and_give_back)).collect());
}

#[test]
fn stack_is_lost_when_the_pool_is_full() {
    in_every_order(1, 2, 1, |stacks| {
        let more = stacks[1..].iter().map(|&stack| {
            stack.own();
            Actor::new(move || stack.give_back())
        });
        more.chain([Actor::new(take_and_give_back)]).collect()
    });
}

#[test]
fn stack_is_used_while_trim_unmaps_it() {
    // `trim` looks into all slots that there can be, so one wait is all that can be tried in a short time.
    within(Bounds { preemptions: 1, stale: 0 }, 1, 1, 1, |_| {
        let drain = Actor::new(|| {
            pool::drain();
        });
        std::vec![drain, Actor::new(take_and_give_back)]
    });
}

#[test]
fn stack_that_is_too_small_is_lost() {
    in_every_order(1, 2, 1, |stacks| {
        let stack = stacks[1];
        stack.own();
        let too_large = Actor::new(|| assert!(pool::take(1 << 40).is_none()));
        std::vec![too_large, Actor::new(take_and_give_back), Actor::new(move || stack.give_back())]
    });
}

#[test]
fn handler_in_the_middle_of_the_pool_gets_a_stack_that_is_taken() {
    in_every_order(2, 2, 2, |_| {
        let interrupted = Actor::new(take_and_give_back).interrupted_by(take_and_give_back);
        std::vec![interrupted]
    });
}

#[test]
fn handler_that_keeps_its_stack_gets_that_of_another() {
    in_every_order(1, 2, 1, |stacks| {
        let stack = stacks[1];
        stack.own();
        let keeps = || {
            take();
        };
        std::vec![Actor::new(take_and_give_back).interrupted_by(keeps), Actor::new(move || stack.give_back())]
    });
}

#[test]
fn orphan_is_collected_twice_or_lost() {
    within(Bounds { preemptions: 2, stale: 0 }, 2, 2, 0, |stacks| {
        let [first, second] = [stacks[0].make_busy(7), stacks[1].make_busy(7)];
        let ends = Actor::new(move || orphans::adopt(first.header()));
        let finishes = Actor::new(move || {
            orphans::adopt(second.header());
            second.header().set_idle();
        });
        let collects = Actor::new(|| {
            orphans::collect();
            take_and_give_back();
        });
        std::vec![ends, finishes, collects.interrupted_by(orphans::collect)]
    });
}

#[test]
fn activation_that_ends_while_its_thread_does_gives_its_stack_back_twice() {
    // The thread that holds the stack ends, while the body on it is finished by a coroutine on another one.
    in_every_order(1, 1, 0, |stacks| {
        let stack = stacks[0].make_busy(7);
        let holder_ends = Actor::new(move || {
            orphans::adopt(stack.header());
            orphans::collect();
        });
        let uses = Actor::new(|| {
            orphans::collect();
            take_and_give_back();
        });
        std::vec![holder_ends, Actor::new(move || stack.end_activation()), uses]
    });
}
