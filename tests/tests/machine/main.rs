//! The random machine: coroutines, threads, jumps, exceptions, panics and ends in any order,
//! compared with a model.
//!
//! The driver is C (tests/c/machine.c). It asks here for each step; the model (model.rs) chooses
//! one that is allowed and is told what becomes of it. Each body checks its room and that its stack
//! is nobody else's, and its locals after every call out.
//!
//! Handlers call back meanwhile, by a timer of each thread, on alternate stacks of every kind. Some
//! of the coroutines' stacks are registered. Nothing is lost: stacks of bodies that were suspended
//! in a coroutine which is begun anew, or jumped out of there, come back when what they left on the
//! coroutine's stack is overwritten. Long runs: see tests/README.md.

// Its driver (c/machine.c) is for POSIX threads.
#![cfg(unix)]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../library/linux.rs"]
#[allow(dead_code, reason = "the tests of libraries use more of it")]
mod loader;
mod model;
mod random;
#[cfg_attr(not(target_os = "linux"), path = "no_signals.rs")]
mod signals;

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use guarded_callback::{
    Source, StackBounds, StackMap, on_host_stack, register_stack, remaining_stack, stats, trim,
};
use model::{COROUTINES, FALLBACK, Machine, NEARLY_ALL, Plan, REGISTERED, Step, VARIANTS};
use tests::{
    CCallback, Canary, Mode, c, callback, is_emulated, near_sp, resident_bytes, rounds, run_child,
    use_stack,
};

const KIB: usize = 1024;

unsafe extern "C-unwind" {
    fn c_machine_level();
    fn c_machine_prepare();
    fn c_machine_run(goes_on: extern "C" fn() -> c_int);
    fn c_machine_coroutine_stack(number: c_int) -> usize;
    fn c_machine_coroutine_stack_bytes() -> usize;
    fn c_machine_wipe();
}

/// The one machine of a process.
struct Shared(UnsafeCell<Option<Machine>>);

// SAFETY: only the thread that has the baton touches it.
unsafe impl Sync for Shared {}

static MACHINE: Shared = Shared(UnsafeCell::new(None));

/// The machine, for one short look or change.
fn with<R>(look: impl FnOnce(&mut Machine) -> R) -> R {
    // SAFETY: the caller has the baton, and no `look` calls another one or goes out to C.
    look(unsafe { (*MACHINE.0.get()).as_mut().expect("made before the driver runs") })
}

/// Ends the process with what was found.
fn broken(what: &str) -> ! {
    let (plan, step) = with(|machine| (machine.plan, machine.step));
    eprintln!("machine: step {step} of {plan:?}: {what}\n{:?}\n{}", stats(), StackMap::current());
    // SAFETY: ends the process at once, whatever stack this is.
    unsafe { libc::_exit(3) }
}

fn must<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|what| broken(&what))
}

/// What is thrown as a panic.
struct Thrown;

static DROPS: AtomicUsize = AtomicUsize::new(0);

struct CountsDrop;

impl Drop for CountsDrop {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Relaxed);
    }
}

// The bodies, in the order of `KINDS` in model.rs.

callback! { "C" fn plain(arg) { body(arg) } }

callback! { "C" [reserve = NEARLY_ALL] fn nearly_all(arg) { body(arg) } }

callback! { "C-unwind" fn unwinding(arg) { body(arg) } }

callback! { "C-unwind" fn dropping(arg) {
    let _counts = CountsDrop;
    body(arg)
} }

callback! { "C" fn catching(arg) {
    body_of(arg, || {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(level)) && !payload.is::<Thrown>() {
            broken("another panic");
        }
    })
} }

callback! { "C" [fallback = FALLBACK] fn falling_back(arg) { body(arg) } }

callback! { "C-unwind" [reserve = NEARLY_ALL] fn nearly_all_dropping(arg) {
    let _counts = CountsDrop;
    body(arg)
} }

callback! { "C-unwind" fn visiting(arg) {
    body_of(arg, || {
        with(Machine::visit);
        on_host_stack(level);
        with(Machine::visit_ends);
    })
} }

const BODIES: [fn(Mode) -> CCallback; VARIANTS] = [
    plain::of,
    nearly_all::of,
    unwinding::of,
    dropping::of,
    catching::of,
    falling_back::of,
    nearly_all_dropping::of,
    visiting::of,
];

fn level() {
    // SAFETY: the driver runs, and this is a body on the context that it thinks it is on.
    unsafe { c_machine_level() };
}

fn body(arg: *mut c_void) -> c_int {
    body_of(arg, level)
}

/// What every body does around its calls out: it looks at its stack and at its locals.
fn body_of(arg: *mut c_void, call_out: impl Fn()) -> c_int {
    let number = i32::try_from(arg.addr()).unwrap_or(-1);
    let canary = Canary::new(arg.addr() as u64);
    let Some(bounds) = StackBounds::current() else {
        broken("a body on a stack of unknown bounds")
    };
    let is_system = bounds.source() == Source::System;
    must(with(|machine| {
        machine.body_begins(number, near_sp(), (bounds.low(), bounds.high()), is_system)
    }));
    if number % 16 == 0 && use_stack(100 * KIB) != 0 {
        broken("the stack of a body is not its own");
    }
    reload(number);
    for _ in 0..1 + number % 2 {
        call_out();
        if !canary.is_intact() {
            broken("a body has lost its locals");
        }
    }
    must(with(|machine| machine.body_ends(number)));
    number
}

/// A library with a runtime of its own, which some bodies open, others call, and others close. None
/// of its bodies lives when it is closed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn reload(number: i32) {
    static OPEN: AtomicUsize = AtomicUsize::new(0);
    if number % 64 != 5 || !with(|machine| machine.plan.reloads) {
        return;
    }
    let open: *mut c_void = core::ptr::with_exposed_provenance_mut(OPEN.load(Relaxed));
    // SAFETY: the handle is open where it is not null. The callbacks of the plugin take null.
    unsafe {
        if open.is_null() {
            let path = std::env::current_exe().expect("the path of this test");
            let library = loader::open(&path.with_file_name(loader::FILE_NAME));
            OPEN.store(library.expose_provenance(), Relaxed);
        } else if number % 128 == 5 {
            let name = if number % 256 == 5 { c"plugin_always" } else { c"plugin_when_low" };
            let f = CCallback(loader::symbol(open, name));
            // A body of the plugin expects to be on a stack of its own: from here it is, if it
            // leaves this one, as it does on another thread.
            if c::c_call_on_thread(64 * KIB, f, core::ptr::null_mut()) != 0 {
                broken("a body of the plugin has failed");
            }
            c::c_call(f, core::ptr::null_mut());
        } else {
            loader::close(open);
            OPEN.store(0, Relaxed);
        }
    }
    with(|machine| *machine.counts.entry("uses of a library").or_default() += 1);
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn reload(_number: i32) {}

// What the driver calls.

/// `struct step` of machine.h.
#[repr(C)]
struct CStep {
    kind: c_int,
    number: c_int,
    f: *const c_void,
    frame: usize,
    target: usize,
}

#[unsafe(no_mangle)]
extern "C" fn machine_next(level: usize, out: &mut CStep) {
    look_at_memory();
    let step = must(with(|machine| machine.next(level, held)));
    *out = CStep { kind: 0, number: 0, f: core::ptr::null(), frame: 0, target: 0 };
    (out.kind, out.number) = match step {
        Step::Call { number, catching, variant, always, frame } => {
            out.f = BODIES[variant](if always { Mode::Always } else { Mode::WhenLow }).0;
            out.frame = frame;
            (c_int::from(catching), number)
        }
        Step::Return => (2, 0),
        Step::Suspend(at) => (3, at as c_int),
        Step::Resume(at) => (4, at as c_int),
        Step::Pass(other) => (5, other as c_int),
        Step::Jump(_) => {
            out.target = with(|machine| machine.last_level())
                .unwrap_or_else(|| broken("no level to jump to"));
            (6, 0)
        }
        Step::Throw(value) => (7, value),
        Step::Panic(value) => (8, value),
        Step::Exit(thread) => {
            with(|machine| machine.thread_ends(thread));
            (9, thread as c_int)
        }
    };
}

/// What the runtime says that this thread holds: the high end of each stack, and whether it is
/// idle.
fn held() -> Vec<(usize, bool)> {
    let picture = StackMap::current().to_string();
    let stacks = picture.lines().filter(|line| line.contains("+-- system stack"));
    stacks
        .map(|line| {
            let high = line.split_whitespace().next().and_then(|word| word.strip_prefix("0x"));
            let high = high.and_then(|digits| usize::from_str_radix(digits, 16).ok());
            (high.unwrap_or_else(|| broken(line)), line.contains(", idle"))
        })
        .collect()
}

#[unsafe(no_mangle)]
extern "C" fn machine_enters(level: usize) {
    with(|machine| machine.enters(level));
}

/// A jump has come to this level.
#[unsafe(no_mangle)]
extern "C" fn machine_landed(level: usize) {
    if with(|machine| machine.last_level()) != Some(level) {
        broken("a jump has landed elsewhere");
    }
}

#[unsafe(no_mangle)]
extern "C" fn machine_returned(number: c_int, result: c_int) {
    must(with(|machine| machine.returned(number, result)));
    let (must_be, are) = (with(|machine| machine.drops), DROPS.load(Relaxed));
    if must_be != are {
        broken(&format!("{are} destructors have run instead of {must_be}"));
    }
}

#[unsafe(no_mangle)]
extern "C" fn machine_caught(value: c_int) {
    if with(|machine| machine.thrown) != value {
        broken("another exception has arrived");
    }
}

#[unsafe(no_mangle)]
extern "C" fn machine_broken(what: *const c_char) {
    // SAFETY: the driver passes a literal.
    broken(&unsafe { CStr::from_ptr(what) }.to_string_lossy());
}

#[unsafe(no_mangle)]
extern "C-unwind" fn machine_panic(_value: c_int) {
    std::panic::panic_any(Thrown);
}

#[unsafe(no_mangle)]
extern "C" fn machine_is_begun(coroutine: c_int) -> c_int {
    c_int::from(with(|machine| machine.is_begun(coroutine as usize)))
}

#[unsafe(no_mangle)]
extern "C" fn machine_thread_begins(thread: c_int, low: usize, high: usize) {
    with(|machine| machine.thread_begins(thread as usize, low, high));
}

#[unsafe(no_mangle)]
extern "C" fn machine_thread_ends(thread: c_int) {
    with(|machine| machine.thread_ends(thread as usize));
}

// What handlers call.

callback! { "C" fn responds(arg) {
    let canary = Canary::new(arg.addr() as u64 + 41);
    let number = ANSWERS.fetch_add(1, Relaxed);
    let below = if arg.is_null() && number.is_multiple_of(4) {
        // SAFETY: the body takes an address.
        unsafe {
            c::c_call(answers_far_below::of(Mode::Always), core::ptr::without_provenance_mut(1))
        }
    } else {
        0
    };
    below
        + c_int::from(
            remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) || !canary.is_intact(),
        )
} }

callback! { "C" [reserve = NEARLY_ALL] fn answers_far_below(_arg) {
    c_int::from(remaining_stack().is_none_or(|bytes| bytes < NEARLY_ALL))
} }

static ANSWERS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn goes_on() -> c_int {
    c_int::from(with(Machine::goes_on))
}

// How a run begins, is watched, and ends.

/// A tenth of these, and the machine holds about as many stacks as it ever will.
const ENOUGH_STEPS: u64 = 10_000;

/// Remembers what a tenth of the steps has left behind, and compares with it at the end.
fn look_at_memory() {
    static EARLY: (AtomicUsize, AtomicUsize) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (step, steps) = with(|machine| (machine.step, machine.plan.steps));
    if step + 1 == steps / 10 {
        EARLY.0.store(stats().stacks_mapped, Relaxed);
        EARLY.1.store(resident_bytes(), Relaxed);
    } else if step + 1 == steps {
        let early = (EARLY.0.load(Relaxed), EARLY.1.load(Relaxed));
        let late = (stats().stacks_mapped, resident_bytes());
        println!(
            "stacks {} -> {}, resident {} -> {} KiB",
            early.0,
            late.0,
            early.1 / KIB,
            late.1 / KIB
        );
        if steps < ENOUGH_STEPS {
            println!("skipped: so few steps tell nothing of memory");
            return;
        }
        let is_larger =
            late.1 > early.1 + 8192 * KIB && !is_emulated("keeps memory of its own for each stack");
        if late.0 > early.0 + 100 || is_larger {
            broken(&format!("memory is not flat: {early:?} -> {late:?}"));
        }
    }
}

/// A number from the environment.
fn number_from(name: &str, otherwise: u64) -> u64 {
    std::env::var_os(name).map_or(otherwise, |text| number(name, &text))
}

fn number(name: &str, text: &OsStr) -> u64 {
    let number = text.to_str().and_then(|text| text.replace('_', "").parse().ok());
    number.unwrap_or_else(|| panic!("{name} must be a number, such as 1_000_000, and is {text:?}"))
}

#[test]
#[should_panic(
    expected = "GUARDED_CALLBACK_MACHINE_STEPS must be a number, such as 1_000_000, and is \"many\""
)]
fn a_count_of_steps_that_is_no_number_is_an_error() {
    number("GUARDED_CALLBACK_MACHINE_STEPS", OsStr::new("many"));
}

fn run([abandons, signals, reloads]: [bool; 3], always: Option<bool>) {
    let steps = number_from("GUARDED_CALLBACK_MACHINE_STEPS", rounds(50_000) as u64);
    let plan = Plan {
        seed: number_from("GUARDED_CALLBACK_MACHINE_SEED", 1),
        steps,
        always,
        abandons,
        signals: signals && cfg!(target_os = "linux"),
        reloads,
    };
    println!("{plan:?}");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.payload().is::<Thrown>() {
            hook(info)
        }
    }));
    // SAFETY: nothing runs yet; the driver calls back on its own threads only, which have ended
    // when it returns.
    unsafe {
        c_machine_prepare();
        let bytes = c_machine_coroutine_stack_bytes();
        let stacks = (0..COROUTINES)
            .map(|at| c_machine_coroutine_stack(at as c_int))
            .map(|low| (low, low + bytes));
        *MACHINE.0.get() = Some(Machine::new(plan, stacks));
        let registered: Vec<_> = REGISTERED
            .map(|at| c_machine_coroutine_stack(at as c_int))
            .map(|low| register_stack(low..low + bytes).expect("room for a few"))
            .collect();
        c_machine_run(goes_on);
        drop(registered);
    }
    ends_well();
}

/// Nothing lives any more: every stack is in the pool, or comes there when the coroutines' stacks
/// are overwritten.
fn ends_well() {
    with(|machine| {
        println!("{:?}", machine.counts);
        println!(
            "at most {} stacks held by a thread, {} bodies ended on another",
            machine.most_held, machine.migrated
        );
    });
    println!("{} callbacks from handlers, {:?}", ANSWERS.load(Relaxed), stats());
    assert_eq!(with(|machine| machine.living().count()), 0);
    assert!(
        ANSWERS.load(Relaxed) > 0 || !with(|machine| machine.plan.signals),
        "no handler has called back"
    );
    let left = || stats().stacks_mapped - stats().stacks_unmapped - stats().stacks_pooled;
    // SAFETY: no coroutine runs any more.
    unsafe { c_machine_wipe() };
    // Each claim of a stack looks at a few.
    for _ in 0..stats().stacks_mapped {
        // SAFETY: the body takes an address.
        let result = unsafe {
            c::c_call_on_thread(256 * KIB, responds::of(Mode::Always), core::ptr::null_mut())
        };
        assert_eq!(result, 0);
    }
    assert_eq!(left(), 0, "stacks are left: {:?}", stats());
    trim();
    assert_eq!(stats().refusals, 0);
}

/// A run in a process of its own, whose account is shown.
fn alone(test: &str, always: Option<bool>, plan: [bool; 3]) {
    if let Some(death) = run_child(test, test, |_| (), || run(plan, always)) {
        assert!(death.code == Some(0), "the machine broke: {}", death.transcript());
        println!("{}", death.stdout);
    }
}

macro_rules! machines {
    ($($(#[$attribute:meta])* $test:ident = $always:expr, $plan:expr;)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $test() {
            alone(stringify!($test), $always, $plan);
        }
    )*};
}

// Whether coroutines are abandoned, handlers call back, a library comes and goes.
machines! {
    random_steps_in_always_leave_bodies_intact_and_lose_no_stack =
        Some(true), [false, false, false];
    random_steps_in_when_low_leave_bodies_intact_and_lose_no_stack =
        Some(false), [false, false, false];
    random_steps_in_both_modes_at_once_leave_bodies_intact_and_lose_no_stack =
        None, [false, false, false];
    abandoned_coroutines_lose_no_stack = None, [true, false, false];
    random_steps_with_callbacks_from_handlers_leave_bodies_intact_and_lose_no_stack =
        None, [true, true, false];
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    random_steps_while_a_library_comes_and_goes_leave_bodies_intact_and_lose_no_stack =
        None, [true, true, true];
}
