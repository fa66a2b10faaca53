//! The runtime's own files that say who has a stack, with loom's atomics: each test runs in every
//! order that the threads can come in, as far as C11's memory model lets them.

#![allow(dead_code, reason = "what else these files have")]

#[path = "../../../runtime/src/stack/calling.rs"]
mod calling;
#[path = "../../../runtime/src/stack/list.rs"]
mod list;
#[path = "../../../runtime/src/stack/orphan.rs"]
mod orphan;

/// What `crate::sync` is in the runtime.
mod sync {
    pub(crate) use super::AtomicUsize;
    pub(crate) use std::sync::atomic::Ordering;
}

use std::cell::{OnceCell, RefCell};
use std::sync::atomic::Ordering;

use loom::cell::UnsafeCell;
use loom::thread;

use self::list::List;

/// Where a record would be.
const RECORD: usize = 0x1000;

/// The address of a thread's state.
const THREAD: usize = 0x2000;

/// Where that thread has its thread-locals.
const PLACE: usize = 0x3000;

/// loom's, which cannot be made in a constant: so it is made when the model begins.
#[derive(Default)]
struct AtomicUsize {
    first: usize,
    loom: OnceCell<loom::sync::atomic::AtomicUsize>,
}

// SAFETY: all of loom's threads run on one thread of the system.
unsafe impl Sync for AtomicUsize {}

impl AtomicUsize {
    const fn new(first: usize) -> Self {
        Self { first, loom: OnceCell::new() }
    }
}

impl std::ops::Deref for AtomicUsize {
    type Target = loom::sync::atomic::AtomicUsize;

    fn deref(&self) -> &Self::Target {
        self.loom.get_or_init(|| loom::sync::atomic::AtomicUsize::new(self.first))
    }
}

/// What the files use of a stack's header, and its frames.
struct Header {
    slot: usize,
    calling: AtomicUsize,
    owner: AtomicUsize,
    owner_place: AtomicUsize,
    next_listed: AtomicUsize,
    frames: UnsafeCell<u32>,
}

// SAFETY: loom reports a race for `frames`.
unsafe impl Sync for Header {}

impl Header {
    fn new(number: usize) -> &'static Self {
        let header: &'static Self = Box::leak(Box::new(Self {
            slot: table::GRANULE_BYTES * number,
            calling: AtomicUsize::new(calling::UNUSED),
            owner: AtomicUsize::new(THREAD),
            owner_place: AtomicUsize::new(PLACE),
            next_listed: AtomicUsize::new(0),
            frames: UnsafeCell::new(0),
        }));
        header.make_unused();
        header.owner.load(Ordering::Relaxed);
        header.owner_place.load(Ordering::Relaxed);
        header.next_listed.load(Ordering::Relaxed);
        header
    }

    /// In use by an activation.
    fn new_in_use(number: usize) -> &'static Self {
        let header = Self::new(number);
        header.calling.store(RECORD, Ordering::Release);
        header
    }

    /// What a body does. loom reports it when another thread may be there at the same time.
    fn run(&self) {
        // SAFETY: loom checks it.
        self.frames.with_mut(|frames| unsafe { *frames += 1 });
    }
}

/// The stacks of a model, by the number of their slot.
mod table {
    use super::{Header, RefCell};

    pub(crate) const GRANULE_BYTES: usize = 16 << 20;
    pub(crate) const GRANULE_NUMBERS: usize = 1 << 24;

    // All of loom's threads run on one thread of the system, and the next test on another.
    std::thread_local! {
        static ALL: RefCell<Vec<&'static Header>> = const { RefCell::new(Vec::new()) };
    }

    pub(crate) fn number(slot: usize) -> usize {
        slot / GRANULE_BYTES
    }

    pub(crate) fn stack_of(number: usize) -> Option<&'static Header> {
        ALL.with_borrow(|all| {
            all.iter().copied().find(|header| self::number(header.slot) == number)
        })
    }

    pub(crate) fn set(all: Vec<&'static Header>) {
        ALL.set(all);
    }
}

/// A list of new stacks with the numbers 1 to `count`.
fn new_list(count: usize) -> &'static List {
    let list: &'static List = Box::leak(Box::new(List::new()));
    let stacks: Vec<_> = (1..=count).map(Header::new).collect();
    table::set(stacks.clone());
    stacks.into_iter().for_each(|stack| list.push(stack));
    list
}

/// The numbers of the stacks in the list, sorted.
fn numbers(list: &List) -> Vec<usize> {
    let mut numbers: Vec<_> =
        std::iter::from_fn(|| list.pop()).map(|header| table::number(header.slot)).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn stack_of_a_list_is_taken_by_one_thread() {
    loom::model(|| {
        let list = new_list(3);
        let take_and_put_back = || {
            let taken = list.pop().expect("there are more stacks than threads");
            taken.run();
            list.push(taken);
        };
        let other = thread::spawn(take_and_put_back);
        take_and_put_back();
        other.join().unwrap();
        assert_eq!(numbers(list), [1, 2, 3]);
    });
}

#[test]
fn list_loses_no_stack_when_the_first_one_is_taken_and_put_back() {
    loom::model(|| {
        let list = new_list(3);
        let other = thread::spawn(|| {
            let (first, second) = (list.pop().unwrap(), list.pop());
            first.run();
            list.push(first);
            second.into_iter().for_each(|second| {
                second.run();
                list.push(second);
            });
        });
        let taken = list.pop().unwrap();
        taken.run();
        other.join().unwrap();
        let mut all = numbers(list);
        all.push(table::number(taken.slot));
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
    });
}

#[test]
fn stack_is_taken_after_the_frames_of_the_body_before() {
    loom::model(|| {
        let header = Header::new_in_use(1);
        // A coroutine was moved: its body ends on another thread.
        let other = thread::spawn(move || {
            header.run();
            header.set_idle();
        });
        if header.make_used(RECORD) || header.is_idle() {
            header.run();
        }
        other.join().unwrap();
    });
}

/// What the owner's fast path does on x86_64, without a lock: it looks and writes. Whether it has
/// taken the stack. Writes with swap, as loom does not always keep the order of other writes to
/// what compare_exchange changes as well.
fn fast_path_takes(header: &Header, record: usize) -> bool {
    let is_idle = header.calling.load(Ordering::Acquire) == 0;
    if is_idle {
        header.calling.swap(record, Ordering::AcqRel);
        header.run();
    }
    is_idle
}

const OWN: usize = RECORD + 16;

#[test]
fn stack_stays_its_owners_where_a_handler_has_moved_another_caller_to_another_thread() {
    loom::model(|| {
        let header = Header::new(1);
        header.set_idle();
        let moved = thread::spawn(move || header.make_used_by_owner(RECORD, || PLACE + 64));
        let is_owners = fast_path_takes(header, OWN);
        assert!(!moved.join().unwrap());
        assert_eq!(header.record() == Some(OWN), is_owners);
    });
}

#[test]
fn stack_is_its_owners_or_a_callers_that_was_moved_and_has_come_back() {
    loom::model(|| {
        let header = Header::new(1);
        header.set_idle();
        let owner = thread::spawn(move || fast_path_takes(header, OWN));
        let mut is_owners = false;
        let is_moved = header.make_used_by_owner(RECORD, || {
            is_owners = owner.join().unwrap();
            PLACE
        });
        if is_moved {
            header.run();
        }
        assert!(!(is_owners && is_moved));
    });
}

#[test]
fn stack_with_a_new_owner_is_not_left_by_the_one_before() {
    const NEW: usize = THREAD + 64;
    loom::model(|| {
        let header = Header::new(1);
        // As the pool has it.
        header.owner.store(0, Ordering::Relaxed);
        let other = thread::spawn(move || header.set_owner(NEW, PLACE + 64));
        // On a thread that has its thread-locals where the owner before had them.
        assert!(!header.is_left_by_predecessor(0, PLACE));
        other.join().unwrap();
    });
}

#[test]
fn idle_stack_is_claimed_or_made_unused_but_not_both() {
    loom::model(|| {
        let header = Header::new_in_use(1);
        header.set_idle();
        let other = thread::spawn(move || {
            let is_mine = header.make_used(RECORD);
            if is_mine {
                header.run();
            }
            is_mine
        });
        let is_mine = header.make_unused();
        if is_mine {
            header.run();
        }
        assert_ne!(other.join().unwrap(), is_mine);
    });
}

/// The end of an activation, on a thread that does not have the stack. How often the pool gets it.
fn ends(header: &Header, orphans: &AtomicUsize) -> u32 {
    header.run();
    header.set_idle();
    looks(header, orphans)
}

/// Somebody looks for orphans whose activations have ended. How often the pool gets it.
fn looks(header: &Header, orphans: &AtomicUsize) -> u32 {
    gives(header, header.take_orphan() && header.put_back_orphan(orphans))
}

/// The pool writes to what it gets.
fn gives(header: &Header, is_unused: bool) -> u32 {
    if is_unused {
        header.run();
    }
    is_unused.into()
}

#[test]
fn stack_of_a_thread_that_ends_goes_to_the_pool_once() {
    loom::model(|| {
        let orphans: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
        orphans.load(Ordering::Relaxed);
        let header = Header::new_in_use(1);
        let body = thread::spawn(move || ends(header, orphans));
        let third = thread::spawn(move || looks(header, orphans));
        let mut times = gives(header, header.give_up(orphans));
        times += body.join().unwrap() + third.join().unwrap();
        // At the latest whoever looks next finds it.
        times += looks(header, orphans);
        assert_eq!(times, 1);
        assert_eq!(orphans.load(Ordering::Relaxed), 0);
    });
}
