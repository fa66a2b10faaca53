//! The model: which contexts there are, what is on each of them, and on which stack each body must
//! be.
//!
//! It learns of every event from the driver and the bodies, knows nothing of the runtime's own
//! state, and says what may come next.

use std::collections::{BTreeMap, BTreeSet};

use tests::{LARGE_FRAMES, PTHREAD_EXIT_UNWINDS};

use crate::random::Random;

pub const COROUTINES: usize = 8;
pub const THREADS: usize = 2;
pub const VARIANTS: usize = 8;
/// The coroutines whose stacks are registered.
pub const REGISTERED: core::ops::Range<usize> = 5..COROUTINES;
/// What C gets from the callback with a fallback.
pub const FALLBACK: i32 = -7;

const DEEPEST: usize = 60;

/// The reserve of most bodies.
const RESERVE: usize = 128 * 1024;

/// A reserve that no system stack has left on which another body runs already.
pub const NEARLY_ALL: usize = 8184 * 1024;

/// What the frames of a body take until it looks at SP. Unoptimised large ones are larger than what
/// the runtime adds to each reserve and does not use (on s390x 720 bytes for `body_of` alone).
const BODY_FRAMES: usize = match (cfg!(debug_assertions), LARGE_FRAMES) {
    (true, true) => 1280,
    (true, false) if cfg!(not(target_os = "linux")) => 256,
    _ => 0,
};

/// Room that a level of C, the shim and a body in place take at most, debug builds included, with
/// some to spare.
const MARGIN: usize = 32 * 1024;

/// A thread of the driver: its place, and how many were there before it.
pub type Owner = (usize, u64);

/// One body.
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    pub number: i32,
    pub kind: Kind,
    /// The high end of the system stack that it was switched to; zero when it runs in place.
    pub switched_to: usize,
    /// The thread that it began on.
    pub owner: Owner,
    /// The stack that its frame is on: the high end of a system stack, or zero for the context's
    /// own stack.
    pub stack: usize,
}

/// What a body lets happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub reserve: usize,
    /// "C-unwind": exceptions, panics and pthread_exit may pass.
    pub unwinds: bool,
    /// It has a destructor, so that nothing may jump over it.
    pub drops: bool,
    /// It catches panics; so neither an exception nor pthread_exit may come there.
    pub catches: bool,
    /// It does so by its fallback.
    pub falls_back: bool,
    pub always: bool,
}

/// The kinds of bodies, in the order of `BODIES` in main.rs.
const KINDS: [Kind; VARIANTS] = {
    let plain = Kind {
        reserve: RESERVE,
        unwinds: false,
        drops: false,
        catches: false,
        falls_back: false,
        always: false,
    };
    let unwinding = Kind { unwinds: true, ..plain };
    [
        plain,
        Kind { reserve: NEARLY_ALL, ..plain },
        unwinding,
        Kind { drops: true, ..unwinding },
        Kind { catches: true, ..plain },
        Kind { catches: true, falls_back: true, ..plain },
        Kind { reserve: NEARLY_ALL, drops: true, ..unwinding },
        unwinding,
    ]
};

#[derive(Clone, Copy, Debug)]
pub enum Frame {
    /// A level of C, at this address.
    Level(usize),
    /// C++ that catches numbers.
    Catch,
    Body(Activation),
    /// A call of `on_host_stack`; the context's own stack, or that of an earlier body, is in use
    /// again.
    Visit(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    /// Its thread, in the row of those that have resumed each other.
    Running(usize),
    Suspended,
}

/// What C code runs on: the first ones are coroutines, then come the threads.
#[derive(Debug)]
pub struct Context {
    low: usize,
    high: usize,
    pub frames: Vec<Frame>,
    state: State,
    resumer: usize,
    /// The body that is about to begin.
    called: Option<Kind>,
    /// What the last call out of this context must return.
    expected: i32,
    /// The runtime knows where its stack ends: a thread, or a coroutine that is registered.
    has_known_bounds: bool,
}

/// A stack whose body was jumped over or abandoned.
#[derive(Clone, Copy, Debug)]
struct Dead {
    owner: Owner,
    /// It was called from a thread's own stack, directly or through others: the thread's end brings
    /// the stack back.
    by_thread: bool,
}

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Call {
        number: i32,
        catching: bool,
        variant: usize,
        always: bool,
        frame: usize,
    },
    Return,
    Suspend(usize),
    Resume(usize),
    Pass(usize),
    /// To the level that is this frame of the context.
    Jump(usize),
    Throw(i32),
    Panic(i32),
    Exit(usize),
}

/// How the machine is to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub steps: u64,
    /// `None`: both, as it comes.
    pub always: Option<bool>,
    /// Whether coroutines are abandoned, and jumped out of, while a body is on them.
    pub abandons: bool,
    /// Whether handlers call back all the time.
    pub signals: bool,
    /// Whether bodies open, call and close a library with a runtime of its own.
    pub reloads: bool,
}

#[derive(Debug)]
pub struct Machine {
    pub plan: Plan,
    random: Random,
    pub step: u64,
    pub contexts: Vec<Context>,
    running: usize,
    /// The context that each thread is on.
    active: [usize; THREADS],
    alive: [bool; THREADS],
    generation: [u64; THREADS],
    numbers: i32,
    dead: BTreeMap<usize, Dead>,
    /// How many destructors must have run.
    pub drops: usize,
    /// The last number that was thrown.
    pub thrown: i32,
    /// How likely it is to go deeper, changed now and then; zero: back to where everything began.
    mood: u64,
    pub counts: BTreeMap<&'static str, u64>,
    pub most_held: usize,
    pub migrated: u64,
}

impl Machine {
    pub fn new(plan: Plan, coroutine_stacks: impl Iterator<Item = (usize, usize)>) -> Self {
        let thread_stacks = [(0, 0); THREADS];
        let mut contexts: Vec<Context> =
            coroutine_stacks.chain(thread_stacks).map(Context::new).collect();
        contexts[REGISTERED].iter_mut().for_each(|context| context.has_known_bounds = true);
        contexts[COROUTINES..].iter_mut().for_each(|context| context.has_known_bounds = true);
        Self {
            plan,
            random: Random::new(plan.seed),
            step: 0,
            contexts,
            running: COROUTINES,
            active: [COROUTINES, COROUTINES + 1],
            alive: [true; THREADS],
            generation: [0; THREADS],
            numbers: 0,
            dead: BTreeMap::new(),
            drops: 0,
            thrown: 0,
            mood: 40,
            counts: BTreeMap::new(),
            most_held: 0,
            migrated: 0,
        }
    }

    pub fn is_finishing(&self) -> bool {
        self.step >= self.plan.steps
    }

    fn here(&mut self) -> &mut Context {
        &mut self.contexts[self.running]
    }

    /// The thread that runs.
    pub fn thread(&self) -> usize {
        match self.contexts[self.running].state {
            State::Running(thread) => thread,
            state => panic!("{} runs and is {state:?}", self.running),
        }
    }

    fn owner(&self) -> Owner {
        (self.thread(), self.generation[self.thread()])
    }

    // What happens.

    pub fn thread_begins(&mut self, thread: usize, low: usize, high: usize) {
        let context = COROUTINES + thread;
        self.generation[thread] += 1;
        (self.running, self.active[thread], self.alive[thread]) = (context, context, true);
        self.contexts[context] = Context {
            state: State::Running(thread),
            has_known_bounds: true,
            ..Context::new((low, high))
        };
    }

    /// How many threads have begun.
    #[cfg(target_os = "linux")]
    pub fn threads_begun(&mut self) -> u64 {
        self.generation.iter().sum()
    }

    /// Its context has ended before.
    pub fn thread_ends(&mut self, thread: usize) {
        let owner = (thread, self.generation[thread]);
        assert_eq!(self.running, COROUTINES + thread, "a thread ends inside of a coroutine");
        assert!(self.contexts[self.running].frames.is_empty());
        self.alive[thread] = false;
        self.contexts[COROUTINES + thread].state = State::Fresh;
        self.dead.retain(|_, dead| dead.owner != owner || !dead.by_thread);
        *self.counts.entry("threads ended").or_default() += 1;
    }

    /// Whether another thread takes the place of the one that has ended; otherwise the baton goes
    /// to the other one.
    pub fn goes_on(&mut self) -> bool {
        let ended = self.alive.iter().position(|alive| !alive).expect("one has ended");
        if !self.is_finishing() {
            return true;
        }
        if self.alive[1 - ended] {
            self.running = self.active[1 - ended];
        }
        false
    }

    /// The level that runs: the last frame of its context.
    pub fn last_level(&mut self) -> Option<usize> {
        match self.here().frames.last() {
            Some(&Frame::Level(at)) => Some(at),
            _ => None,
        }
    }

    pub fn enters(&mut self, level: usize) {
        self.here().frames.push(Frame::Level(level));
    }

    fn pop_level(&mut self) {
        let frame = self.here().frames.pop();
        assert!(
            matches!(frame, Some(Frame::Level(_))),
            "a level has ended, and {frame:?} was the last"
        );
    }

    /// A coroutine or a thread has come to its end.
    fn context_ends(&mut self) {
        let (resumer, thread) = (self.here().resumer, self.thread());
        if self.running < COROUTINES {
            self.here().state = State::Fresh;
            (self.running, self.active[thread]) = (resumer, resumer);
        }
    }

    /// The stack that C code runs on now: zero for the context's own.
    pub fn current_stack(&self) -> usize {
        stack_of(&self.contexts[self.running].frames)
    }

    pub fn new_number(&mut self) -> i32 {
        self.numbers = self.numbers.wrapping_add(1) & 0xff_ffff;
        self.numbers
    }

    /// A body has begun: `bounds` is the stack that the runtime says it is on, `sp` an address in
    /// its frame.
    pub fn body_begins(
        &mut self,
        number: i32,
        sp: usize,
        bounds: (usize, usize),
        is_system: bool,
    ) -> Result<(), String> {
        let kind = self.here().called.take().ok_or("a body that nobody has called")?;
        if !(bounds.0..bounds.1).contains(&sp) || sp + BODY_FRAMES - bounds.0 < kind.reserve {
            return Err(format!("{:#x} on {bounds:x?} has not the room of {}", sp, kind.reserve));
        }
        let caller_stack = self.current_stack();
        let (stack, owner) = (if is_system { bounds.1 } else { 0 }, self.owner());
        if !is_system && !self.here().has_known_bounds {
            return Err("a coroutine's stack is taken for the thread's".into());
        }
        let switched = stack != caller_stack;
        self.is_right(kind, switched, caller_stack, is_system)?;
        if switched && self.living().any(|(_, living)| living.stack == stack) {
            return Err(format!("the stack that ends at {stack:#x} has a living body already"));
        }
        self.dead.remove(&stack);
        let switched_to = if switched { stack } else { 0 };
        self.here().frames.push(Frame::Body(Activation {
            number,
            kind,
            switched_to,
            owner,
            stack,
        }));
        *self
            .counts
            .entry(if switched { "bodies switched" } else { "bodies in place" })
            .or_default() += 1;
        Ok(())
    }

    /// Whether the body had to switch, or to stay, where that follows from the mode and the room
    /// alone.
    fn is_right(
        &self,
        kind: Kind,
        switched: bool,
        caller_stack: usize,
        is_system: bool,
    ) -> Result<(), String> {
        let context = &self.contexts[self.running];
        let Some(&Frame::Level(at)) =
            context.frames.iter().rev().find(|frame| matches!(frame, Frame::Level(_)))
        else {
            return Err("a body without a caller".into());
        };
        if kind.always && !is_system {
            return Err("`always` has not switched".into());
        }
        let on_known = caller_stack == 0 && context.has_known_bounds;
        let room = at.saturating_sub(context.low);
        if on_known && !kind.always && !switched && room < kind.reserve {
            return Err(format!("in place with {room} bytes"));
        }
        if on_known && !kind.always && switched && room > kind.reserve + MARGIN {
            return Err(format!("switched with {room} bytes"));
        }
        if caller_stack == 0 && !on_known && !switched {
            return Err("in place on a coroutine's stack".into());
        }
        // Levels take so little that a system stack has room for many, whichever thread has it.
        if caller_stack != 0 && kind.reserve == RESERVE && switched {
            return Err("switched from a system stack with room".into());
        }
        Ok(())
    }

    /// A body returns, or is unwound.
    pub fn body_ends(&mut self, number: i32) -> Result<(), String> {
        let owner = self.owner();
        match self.here().frames.pop() {
            Some(Frame::Body(activation)) if activation.number == number => {
                self.here().expected = number;
                self.drops += usize::from(activation.kind.drops);
                self.migrated += u64::from(activation.owner != owner);
                Ok(())
            }
            other => Err(format!("body {number} ends where {other:?} is")),
        }
    }

    pub fn returned(&mut self, number: i32, result: i32) -> Result<(), String> {
        if matches!(self.here().frames.last(), Some(Frame::Catch)) {
            self.here().frames.pop();
        }
        let expected = core::mem::replace(&mut self.here().expected, 0);
        if result == expected {
            Ok(())
        } else {
            Err(format!("call {number} returned {result}, not {expected}"))
        }
    }

    pub fn visit(&mut self) {
        let frames = &self.contexts[self.running].frames;
        let on = self.current_stack();
        // The body that was switched to the stack in use.
        let switched = |body: &Activation| on != 0 && body.switched_to == on;
        let at =
            frames.iter().position(|frame| matches!(frame, Frame::Body(body) if switched(body)));
        let visited = at.map_or(on, |at| stack_of(&frames[..at]));
        self.here().frames.push(Frame::Visit(visited));
    }

    pub fn visit_ends(&mut self) {
        let frame = self.here().frames.pop();
        assert!(matches!(frame, Some(Frame::Visit(_))), "{frame:?}");
    }

    /// All living bodies, with their contexts.
    pub fn living(&self) -> impl Iterator<Item = (usize, Activation)> {
        self.contexts.iter().enumerate().flat_map(|(at, context)| {
            context.frames.iter().filter_map(move |frame| match frame {
                Frame::Body(activation) => Some((at, *activation)),
                _ => None,
            })
        })
    }

    /// Compares what the thread that runs holds, as (high end, idle), with what it must and may
    /// hold.
    pub fn compare(&mut self, held: &[(usize, bool)]) -> Result<(), String> {
        let owner = self.owner();
        self.most_held = self.most_held.max(held.len());
        let living: BTreeSet<usize> = self
            .living()
            .filter(|(_, body)| body.owner == owner && body.switched_to != 0)
            .map(|(_, body)| body.switched_to)
            .collect();
        let busy: BTreeSet<usize> =
            held.iter().filter(|(_, idle)| !idle).map(|(high, _)| *high).collect();
        if let Some(missing) = living.difference(&busy).next() {
            return Err(format!(
                "the stack at {missing:#x} has a living body and is not held as busy: {held:x?}"
            ));
        }
        // SP may be on the stack of a body that another thread has begun.
        let others: BTreeSet<usize> = self.living().map(|(_, body)| body.switched_to).collect();
        for extra in busy.difference(&others) {
            if self.dead.get(extra).is_none_or(|dead| dead.owner != owner) {
                return Err(format!(
                    "the stack at {extra:#x} is held as busy, and nothing is known to be on it"
                ));
            }
        }
        // What is dead and not held any more has been found and taken back.
        self.dead.retain(|high, dead| dead.owner != owner || busy.contains(high));
        Ok(())
    }

    // What is next.

    /// Chooses. `level` is the one that asks.
    pub fn next(
        &mut self,
        level: usize,
        held: impl FnOnce() -> Vec<(usize, bool)>,
    ) -> Result<Step, String> {
        self.step += 1;
        assert_eq!(self.last_level(), Some(level), "another level asks");
        if self.step.is_multiple_of(128) {
            self.mood = if self.random.below(3) == 0 { 0 } else { 10 + self.random.below(60) };
        }
        let step = if self.is_finishing() { self.finish() } else { self.choose() };
        if self.step.is_multiple_of(256) || self.ends_thread(step) {
            self.compare(&held())?;
        }
        self.begin(step);
        *self.counts.entry(step.name()).or_default() += 1;
        Ok(step)
    }

    fn ends_thread(&self, step: Step) -> bool {
        let at_base = self.running >= COROUTINES && self.contexts[self.running].frames.len() == 1;
        matches!(step, Step::Exit(_)) || (matches!(step, Step::Return) && at_base)
    }

    /// On the way out: suspended coroutines are resumed, and everything returns.
    fn finish(&mut self) -> Step {
        let is_last = self.contexts[self.running].frames.len() == 1 && self.running >= COROUTINES;
        let suspended = self.coroutines(|state| state == State::Suspended);
        if is_last && !suspended.is_empty() { Step::Resume(suspended[0]) } else { Step::Return }
    }

    fn coroutines(&self, which: impl Fn(State) -> bool) -> Vec<usize> {
        (0..COROUTINES).filter(|&at| which(self.contexts[at].state)).collect()
    }

    fn choose(&mut self) -> Step {
        let depth = self.contexts[self.running].frames.len();
        let is_coroutine = self.running < COROUTINES;
        let room = self.host_room();
        let other = 1 - self.thread();
        let mut wheel = Vec::with_capacity(16);
        if depth < DEEPEST && room > 3 * MARGIN / 2 {
            wheel.push((self.mood, self.a_call(false)));
            wheel.push((self.mood / 6, self.a_call(true)));
        }
        let goes_home = self.mood == 0;
        let ends_thread = depth == 1 && !is_coroutine;
        wheel.push((if ends_thread { 1 } else { 25 }, Step::Return));
        if is_coroutine {
            wheel.push((if goes_home { 60 } else { 12 }, Step::Suspend(self.running)));
        }
        let resumable = self.coroutines(|state| !matches!(state, State::Running(_)));
        if !resumable.is_empty() && room > MARGIN / 2 {
            let at = self.random.below(resumable.len() as u64) as usize;
            wheel.push((if goes_home { 4 } else { 12 }, Step::Resume(resumable[at])));
        }
        if self.alive[other] {
            wheel.push((4, Step::Pass(other)));
        }
        wheel.extend(self.jump().map(|target| (4, Step::Jump(target))));
        let value = 1 + self.random.below(1000) as i32;
        if self.exception_lands().is_some() {
            wheel.push((10, Step::Throw(value)));
        }
        if self.panic_lands().is_some() {
            wheel.push((4, Step::Panic(value)));
        }
        if !is_coroutine && depth > 1 && self.all_unwind(0) {
            wheel.push((3, Step::Exit(self.thread())));
        }
        self.random.of(&wheel)
    }

    fn a_call(&mut self, catching: bool) -> Step {
        let always = self.plan.always.unwrap_or_else(|| self.random.below(2) == 0);
        let frame = [0, 16, 200, 1000, 4000][self.random.below(5) as usize];
        let variant = self.random.below(VARIANTS as u64) as usize;
        Step::Call { number: self.new_number(), catching, variant, always, frame }
    }

    /// Bytes that the context's own stack has below the level that asks, if that is where it is.
    fn host_room(&self) -> usize {
        let context = &self.contexts[self.running];
        match context.frames.last() {
            Some(&Frame::Level(at)) if (context.low..context.high).contains(&at) => {
                at - context.low
            }
            _ => usize::MAX,
        }
    }

    /// A level of this context to jump to, over what may be jumped over.
    fn jump(&mut self) -> Option<usize> {
        let frames = &self.contexts[self.running].frames;
        let from = frames.iter().rposition(Frame::is_not_to_be_jumped_over).map_or(0, |at| at + 1);
        let levels: Vec<usize> =
            (from..frames.len() - 1).filter(|&at| matches!(frames[at], Frame::Level(_))).collect();
        if levels.is_empty() {
            return None;
        }
        let at = levels[self.random.below(levels.len() as u64) as usize];
        let is_switched =
            |frame: &Frame| matches!(frame, Frame::Body(body) if body.switched_to != 0);
        let costs = self.running < COROUTINES && frames[at..].iter().any(is_switched);
        (!costs || self.plan.abandons).then_some(at)
    }

    /// The C++ frame at which an exception would be caught.
    fn exception_lands(&self) -> Option<usize> {
        let at = self.contexts[self.running]
            .frames
            .iter()
            .rposition(|frame| matches!(frame, Frame::Catch))?;
        self.all_unwind(at).then_some(at)
    }

    fn all_unwind(&self, from: usize) -> bool {
        self.contexts[self.running].frames[from..].iter().all(|frame| match frame {
            Frame::Body(body) => body.kind.unwinds && !body.kind.catches,
            _ => true,
        })
    }

    /// The body that would catch a panic.
    fn panic_lands(&self) -> Option<usize> {
        let frames = &self.contexts[self.running].frames;
        let at = frames
            .iter()
            .rposition(|frame| matches!(frame, Frame::Body(body) if body.kind.catches))?;
        self.all_unwind(at + 1).then_some(at)
    }

    /// Takes note of a step before the driver does it.
    fn begin(&mut self, step: Step) {
        let thread = self.thread();
        match step {
            Step::Call { catching, variant, always, .. } => {
                self.here().called = Some(Kind { always, ..KINDS[variant] });
                if catching {
                    self.here().frames.push(Frame::Catch);
                }
            }
            Step::Return => {
                self.pop_level();
                if self.here().frames.is_empty() {
                    self.context_ends();
                }
            }
            Step::Suspend(at) => {
                self.contexts[at].state = State::Suspended;
                (self.running, self.active[thread]) =
                    (self.contexts[at].resumer, self.contexts[at].resumer);
            }
            Step::Resume(at) => {
                if self.contexts[at].state == State::Suspended
                    && self.plan.abandons
                    && self.random.below(10) == 0
                {
                    self.abandon(at);
                }
                self.contexts[at].state = State::Running(thread);
                self.contexts[at].resumer = self.running;
                (self.running, self.active[thread]) = (at, at);
            }
            Step::Pass(other) => self.running = self.active[other],
            Step::Jump(at) => {
                self.kill(self.running, at + 1);
                self.here().expected = 0;
            }
            Step::Throw(value) => {
                self.thrown = value;
                self.unwind_to(self.exception_lands().expect("chosen"));
            }
            Step::Panic(_) => self.panic(),
            Step::Exit(_) if PTHREAD_EXIT_UNWINDS => self.unwind_to(0),
            // The thread ends where it stands.
            Step::Exit(_) => self.kill(self.running, 0),
        }
    }

    fn panic(&mut self) {
        let at = self.panic_lands().expect("chosen");
        let falls_back =
            matches!(self.here().frames[at], Frame::Body(body) if body.kind.falls_back);
        self.unwind_to(if falls_back { at } else { at + 1 });
        self.here().expected = if falls_back { FALLBACK } else { 0 };
    }

    /// The frames from `at` upwards are unwound: destructors run. Stacks that the fast path has
    /// taken are taken back later, as after a jump.
    fn unwind_to(&mut self, at: usize) {
        self.here().expected = 0;
        let dropped = |frame: &&Frame| matches!(frame, Frame::Body(body) if body.kind.drops);
        self.drops += self.here().frames[at..].iter().filter(dropped).count();
        self.kill(self.running, at);
    }

    /// The frames of a context from `at` upwards are gone and nothing has told the runtime.
    fn kill(&mut self, context: usize, at: usize) {
        let by_thread = context >= COROUTINES;
        for frame in self.contexts[context].frames.split_off(at) {
            if let Frame::Body(body) = frame
                && body.switched_to != 0
            {
                self.dead.insert(body.switched_to, Dead { owner: body.owner, by_thread });
            }
        }
    }

    /// A suspended coroutine is begun anew, whatever was on it; but for visits to a calling stack,
    /// which count as alive until they end.
    fn abandon(&mut self, at: usize) {
        if !self.contexts[at].frames.iter().any(|frame| matches!(frame, Frame::Visit(_))) {
            self.kill(at, 0);
            self.contexts[at].state = State::Fresh;
            *self.counts.entry("coroutines abandoned").or_default() += 1;
        }
    }

    /// Whether a coroutine goes on where it was, or begins.
    pub fn is_begun(&self, at: usize) -> bool {
        !self.contexts[at].frames.is_empty()
    }
}

impl Context {
    fn new((low, high): (usize, usize)) -> Self {
        Self {
            low,
            high,
            frames: Vec::new(),
            state: State::Fresh,
            resumer: 0,
            called: None,
            expected: 0,
            has_known_bounds: false,
        }
    }
}

impl Frame {
    fn is_not_to_be_jumped_over(&self) -> bool {
        match self {
            Self::Body(body) => body.kind.drops || body.kind.catches,
            // `on_host_stack` counts its visits in a destructor.
            Self::Visit(_) => true,
            Self::Level(_) | Self::Catch => false,
        }
    }
}

/// The stack that the last of the frames is on.
fn stack_of(frames: &[Frame]) -> usize {
    let last = frames.iter().rev().find_map(|frame| match frame {
        Frame::Body(body) => Some(body.stack),
        Frame::Visit(stack) => Some(*stack),
        _ => None,
    });
    last.unwrap_or(0)
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Call { catching: false, .. } => "calls",
            Self::Call { catching: true, .. } => "calls that catch",
            Self::Return => "returns",
            Self::Suspend(_) => "suspensions",
            Self::Resume(_) => "resumptions",
            Self::Pass(_) => "batons",
            Self::Jump(_) => "jumps",
            Self::Throw(_) => "exceptions",
            Self::Panic(_) => "panics",
            Self::Exit(_) => "exits",
        }
    }
}
