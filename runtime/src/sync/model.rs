//! Atomics whose every operation is a place where another thread, or a signal handler, may come in, and a search through all orders.
//!
//! [`explore`] runs a scenario again and again, each time with other choices, until none is left. Its threads are coroutines of the one that
//! runs the test; before each operation it is chosen who goes on. A load may also see an older value than the last, as far as acquire and
//! release allow: each thread has a view (the oldest value of each location that it may still see), a release store takes the view of its
//! thread along, and an acquire load adds that to the reader's. Of equal values only the latest is tried. Stores to one location are
//! ordered as they are made, and there are no fences.
//!
//! Of all orders it tries those in which a thread is made to wait so many times and so many loads see an older
//! value as its [`Bounds`] say: what goes wrong mostly goes wrong with few of them, and with more the number of orders explodes.
//!
//! A state that was seen before is not gone through twice: what all threads have read so far, and what memory holds, says all.

use core::cell::{RefCell, RefMut};
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{self, Ordering};
use std::any::Any;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Which orders are tried.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bounds {
    /// How often a thread that could go on is made to wait for another.
    pub(crate) preemptions: usize,
    /// How many loads see an older value than the last.
    pub(crate) stale: usize,
}

/// Of one location, the place of a value in the order of stores.
type View = BTreeMap<usize, usize>;

struct Message {
    value: usize,
    /// What a reader with acquire sees as well.
    view: Option<View>,
}

#[derive(Default)]
struct Thread {
    view: View,
    /// All that it has read: with it, where it is and what it knows.
    history: DefaultHasher,
    has_begun: bool,
    has_ended: bool,
    handler: Option<Box<dyn FnOnce()>>,
}

struct Choice {
    taken: usize,
    options: usize,
}

/// The state of one run, and the choices of all.
#[derive(Default)]
struct World {
    turn: usize,
    threads: Vec<Thread>,
    memory: BTreeMap<usize, Vec<Message>>,
    /// What the addresses of stacks are called: they differ from run to run.
    names: BTreeMap<usize, usize>,
    choices: Vec<Choice>,
    /// How many choices of this run were made.
    made: usize,
    bounds: Bounds,
    used: Bounds,
    /// The rest of this run was seen before.
    is_known: bool,
    seen: HashSet<u64>,
}

/// A run, and the stacks of its threads.
#[derive(Default)]
struct Run {
    world: RefCell<World>,
    coroutines: RefCell<Vec<Coroutine>>,
    failure: RefCell<Option<Box<dyn Any + Send>>>,
}

struct Coroutine {
    context: Box<libc::ucontext_t>,
    caller: Box<libc::ucontext_t>,
    stack: Vec<u8>,
    body: Option<Box<dyn FnOnce()>>,
}

std::thread_local! {
    /// While a scenario runs: its run.
    static HERE: RefCell<Option<Rc<Run>>> = const { RefCell::new(None) };
}

fn here() -> Option<Rc<Run>> {
    HERE.with_borrow(Clone::clone)
}

/// One thread of a scenario, and a signal handler that interrupts it once, anywhere.
pub(crate) struct Actor {
    body: Box<dyn FnOnce()>,
    handler: Option<Box<dyn FnOnce()>>,
}

impl Actor {
    pub(crate) fn new(body: impl FnOnce() + 'static) -> Self {
        Self { body: Box::new(body), handler: None }
    }

    pub(crate) fn interrupted_by(self, handler: impl FnOnce() + 'static) -> Self {
        Self { handler: Some(Box::new(handler)), ..self }
    }
}

/// Runs the scenario in every order. `begin` makes a fresh state, with the addresses that are to count as the same ones in each run, and its
/// threads; `check` looks at what they have left. Returns the number of runs.
pub(crate) fn explore(
    bounds: Bounds,
    mut begin: impl FnMut() -> (Vec<usize>, Vec<Actor>),
    mut check: impl FnMut(),
) -> usize {
    let run = Rc::new(Run::default());
    run.world().bounds = bounds;
    for count in 1.. {
        let (addresses, actors) = begin();
        run.world().begin(addresses);
        run.go_through(actors);
        check();
        if !run.world().next() {
            return count;
        }
    }
    unreachable!("the loop ends by a return")
}

/// The first function of a coroutine.
extern "C" fn coroutine_begins() {
    let run = here().expect("a run");
    let number = run.world().turn;
    let body = run.coroutines.borrow_mut()[number].body.take().expect("not begun");
    if let Err(failure) = catch_unwind(AssertUnwindSafe(body)) {
        *run.failure.borrow_mut() = Some(failure);
    }
    let mut world = run.world();
    world.threads[number].has_ended = true;
    world.turn = world.whose_turn(number);
    drop(world);
    drop_and_leave(run, number);
}

/// Leaves a coroutine that has ended, without owning anything.
fn drop_and_leave(run: Rc<Run>, number: usize) {
    let coroutine = ptr::from_mut(&mut run.coroutines.borrow_mut()[number]);
    drop(run);
    // SAFETY: the row of coroutines does not change while they run, and the caller's context was saved when this one was resumed.
    unsafe { libc::setcontext(&raw const *(*coroutine).caller) };
}

impl Run {
    fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    fn go_through(self: &Rc<Self>, actors: Vec<Actor>) {
        for (number, actor) in actors.into_iter().enumerate() {
            self.world().threads.push(Thread { handler: actor.handler, ..Thread::default() });
            if self.coroutines.borrow().len() == number {
                self.coroutines.borrow_mut().push(Coroutine::new());
            }
            self.coroutines.borrow_mut()[number].prepare(actor.body);
        }
        HERE.set(Some(Rc::clone(self)));
        let first = self.world().whose_turn(0);
        self.world().turn = first;
        while self.world().turn != usize::MAX && self.failure.borrow().is_none() {
            let turn = self.world().turn;
            let coroutine = ptr::from_mut(&mut self.coroutines.borrow_mut()[turn]);
            // SAFETY: the coroutine was prepared or has left itself by `swapcontext`; the row does not change meanwhile.
            unsafe { libc::swapcontext(&raw mut *(*coroutine).caller, &raw const *(*coroutine).context) };
        }
        HERE.set(None);
        if let Some(failure) = self.failure.take() {
            let choices: Vec<_> = self.world().choices.iter().map(|choice| choice.taken).collect();
            std::eprintln!("the choices of the run: {choices:?}");
            resume_unwind(failure);
        }
    }

    /// Lets others go first, and perhaps a signal handler of this thread; then it is this thread's turn to do `operation`.
    fn at_operation<R>(&self, operation: impl FnOnce(&mut World, usize) -> R) -> R {
        let mut world = self.world();
        let number = world.turn;
        // The first operation was chosen with the thread itself.
        let has_begun = core::mem::replace(&mut world.threads[number].has_begun, true);
        if has_begun {
            world.turn = world.whose_turn(number);
        }
        let goes_on = world.turn == number;
        drop(world);
        if !goes_on {
            let coroutine = ptr::from_mut(&mut self.coroutines.borrow_mut()[number]);
            // SAFETY: as in `go_through`, the other way round.
            unsafe { libc::swapcontext(&raw mut *(*coroutine).context, &raw const *(*coroutine).caller) };
        }
        let mut world = self.world();
        if world.threads[number].handler.is_some() && world.choose(2, None) == 1 {
            let handler = world.threads[number].handler.take();
            world.remember(number, usize::MAX);
            drop(world);
            handler.into_iter().for_each(|handler| handler());
            world = self.world();
        }
        operation(&mut world, number)
    }
}

impl Coroutine {
    fn new() -> Self {
        // SAFETY: plain data, filled by getcontext before use.
        let empty = || Box::new(unsafe { core::mem::zeroed() });
        Self { context: empty(), caller: empty(), stack: std::vec![0; 1 << 20], body: None }
    }

    fn prepare(&mut self, body: Box<dyn FnOnce()>) {
        self.body = Some(body);
        // SAFETY: the context gets a stack of its own, which lives as long as this, and a function that does not return.
        unsafe {
            libc::getcontext(&raw mut *self.context);
            self.context.uc_stack.ss_sp = self.stack.as_mut_ptr().cast();
            self.context.uc_stack.ss_size = self.stack.len();
            libc::makecontext(&raw mut *self.context, coroutine_begins, 0);
        }
    }
}

impl World {
    fn begin(&mut self, addresses: Vec<usize>) {
        self.names = addresses.into_iter().zip(1..).collect();
        self.threads.clear();
        self.memory.clear();
        (self.made, self.used, self.is_known) = (0, Bounds::default(), false);
    }

    /// Takes the last choice that has another option. False when there is none.
    fn next(&mut self) -> bool {
        while self.choices.last().is_some_and(|choice| choice.taken + 1 == choice.options) {
            self.choices.pop();
        }
        self.choices.last_mut().map(|choice| choice.taken += 1).is_some()
    }

    fn choose(&mut self, options: usize, state: Option<u64>) -> usize {
        if options == 1 || self.is_known {
            return 0;
        }
        if self.made == self.choices.len() {
            if state.is_some_and(|state| !self.seen.insert(state)) {
                self.is_known = true;
                return 0;
            }
            self.choices.push(Choice { taken: 0, options });
        }
        self.made += 1;
        self.choices[self.made - 1].taken
    }

    /// Who goes on: `number`, whose turn it was, if it can, or any other that has not ended.
    fn whose_turn(&mut self, number: usize) -> usize {
        let mut can: Vec<usize> = (0..self.threads.len()).filter(|&other| !self.threads[other].has_ended).collect();
        can.sort_by_key(|&other| other != number);
        let Some(&first) = can.first() else { return usize::MAX };
        if first == number && self.used.preemptions == self.bounds.preemptions {
            return number;
        }
        let state = self.state();
        let chosen = can[self.choose(can.len(), Some(state))];
        self.used.preemptions += usize::from(first == number && chosen != number);
        chosen
    }

    /// All that the rest of the run depends on.
    fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.used.preemptions, self.used.stale).hash(&mut hasher);
        // What no thread can see any more does not count.
        let oldest = |location: &usize| {
            let running = self.threads.iter().filter(|thread| !thread.has_ended);
            running.map(|thread| thread.view.get(location).copied().unwrap_or(0)).min().unwrap_or(0)
        };
        let relative = |view: &View| -> Vec<(usize, usize)> {
            view.iter().map(|(location, at)| (*location, at.saturating_sub(oldest(location)))).collect()
        };
        for thread in &self.threads {
            (thread.history.finish(), thread.has_ended, relative(&thread.view)).hash(&mut hasher);
        }
        for (location, messages) in &self.memory {
            for message in &messages[oldest(location)..] {
                (location, self.name(message.value), message.view.as_ref().map(relative)).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    fn name(&self, value: usize) -> usize {
        self.names.get(&value).map_or(value, |name| usize::MAX - name)
    }

    fn remember(&mut self, number: usize, value: usize) {
        let name = self.name(value);
        name.hash(&mut self.threads[number].history);
    }

    fn messages(&mut self, location: &atomic::AtomicUsize) -> &mut Vec<Message> {
        let first = || vec![Message { value: location.load(Ordering::Relaxed), view: None }];
        self.memory.entry(ptr::from_ref(location).addr()).or_insert_with(first)
    }

    fn read(&mut self, number: usize, location: &atomic::AtomicUsize, at: usize, order: Ordering) -> usize {
        let address = ptr::from_ref(location).addr();
        let Message { value, view } = &self.messages(location)[at];
        let (value, view) = (*value, view.clone());
        self.threads[number].view.insert(address, at);
        if matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst) {
            join(&mut self.threads[number].view, view.as_ref());
        }
        self.remember(number, value);
        value
    }

    fn load(&mut self, number: usize, location: &atomic::AtomicUsize, order: Ordering) -> usize {
        let oldest = self.threads[number].view.get(&ptr::from_ref(location).addr()).copied().unwrap_or(0);
        let messages = self.messages(location);
        let is_latest = |at: &usize| messages[at + 1..].iter().all(|later| later.value != messages[*at].value);
        let visible: Vec<usize> = (oldest..messages.len()).rev().filter(is_latest).collect();
        let options = if self.used.stale == self.bounds.stale { 1 } else { visible.len() };
        let back = self.choose(options, None);
        self.used.stale += usize::from(back > 0);
        let at = visible[back];
        self.read(number, location, at, order)
    }

    /// `before`: the view of the value that was replaced, which a release sequence hands on.
    fn store(
        &mut self,
        number: usize,
        location: &atomic::AtomicUsize,
        value: usize,
        before: Option<View>,
        order: Ordering,
    ) {
        let at = self.messages(location).len();
        self.threads[number].view.insert(ptr::from_ref(location).addr(), at);
        let mut view = before;
        if matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst) {
            join(view.get_or_insert_default(), Some(&self.threads[number].view));
        }
        self.messages(location).push(Message { value, view });
        self.remember(number, value);
        location.store(value, Ordering::Relaxed);
    }

    /// Reads the last value and replaces it, if `change` says so.
    fn exchange(
        &mut self,
        number: usize,
        location: &atomic::AtomicUsize,
        change: impl FnOnce(usize) -> Option<usize>,
        order: Ordering,
    ) -> Result<usize, usize> {
        let last = self.messages(location).len() - 1;
        let value = self.read(number, location, last, order);
        let Some(new) = change(value) else { return Err(value) };
        let before = self.messages(location)[last].view.clone();
        self.store(number, location, new, before, order);
        Ok(value)
    }
}

fn join(view: &mut View, other: Option<&View>) {
    for (location, at) in other.into_iter().flatten() {
        let mine = view.entry(*location).or_insert(0);
        *mine = (*mine).max(*at);
    }
}

/// Runs `modelled` in a thread of a run, `real` anywhere else.
fn operate<R>(modelled: impl FnOnce(&mut World, usize) -> R, real: impl FnOnce() -> R) -> R {
    match here() {
        Some(run) => run.at_operation(modelled),
        None => real(),
    }
}

#[derive(Debug)]
pub(crate) struct AtomicUsize(atomic::AtomicUsize);

impl AtomicUsize {
    pub(crate) const fn new(value: usize) -> Self {
        Self(atomic::AtomicUsize::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> usize {
        operate(|world, number| world.load(number, &self.0, order), || self.0.load(order))
    }

    pub(crate) fn store(&self, value: usize, order: Ordering) {
        operate(|world, number| world.store(number, &self.0, value, None, order), || self.0.store(value, order));
    }

    fn change(&self, change: impl Fn(usize) -> Option<usize>, order: Ordering) -> Result<usize, usize> {
        operate(
            |world, number| world.exchange(number, &self.0, &change, order),
            || self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, &change),
        )
    }

    pub(crate) fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        _failure: Ordering,
    ) -> Result<usize, usize> {
        self.change(|value| (value == current).then_some(new), success)
    }

    pub(crate) fn fetch_max(&self, value: usize, order: Ordering) -> usize {
        self.change(|old| Some(old.max(value)), order).unwrap_or_else(|old| old)
    }
}

#[derive(Debug)]
pub(crate) struct AtomicBool(AtomicUsize);

impl AtomicBool {
    pub(crate) const fn new(value: bool) -> Self {
        Self(AtomicUsize::new(value as usize))
    }

    pub(crate) fn load(&self, order: Ordering) -> bool {
        self.0.load(order) != 0
    }

    pub(crate) fn store(&self, value: bool, order: Ordering) {
        self.0.store(usize::from(value), order);
    }
}

#[derive(Debug)]
pub(crate) struct AtomicPtr<T>(AtomicUsize, PhantomData<*mut T>);

// SAFETY: as for the atomic of `core`: it hands out the pointer, and what is behind it is the user's affair.
unsafe impl<T> Sync for AtomicPtr<T> {}

impl<T> AtomicPtr<T> {
    /// Constants have no address to start with: the pointer is null.
    pub(crate) const fn new(pointer: *mut T) -> Self {
        assert!(pointer.is_null());
        Self(AtomicUsize::new(0), PhantomData)
    }

    pub(crate) fn load(&self, order: Ordering) -> *mut T {
        ptr::with_exposed_provenance_mut(self.0.load(order))
    }

    pub(crate) fn swap(&self, pointer: *mut T, order: Ordering) -> *mut T {
        let new = pointer.expose_provenance();
        ptr::with_exposed_provenance_mut(self.0.change(|_| Some(new), order).unwrap_or_else(|old| old))
    }

    pub(crate) fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        let result = self.0.compare_exchange(current.addr(), new.expose_provenance(), success, failure);
        let pointer = |address| ptr::with_exposed_provenance_mut(address);
        result.map(pointer).map_err(pointer)
    }

    /// Fails only where it must: orders in which it fails for nothing end as they begin.
    pub(crate) fn compare_exchange_weak(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.compare_exchange(current, new, success, failure)
    }
}
