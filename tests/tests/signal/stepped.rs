//! A signal after each instruction, on processors that can raise one.

use guarded_callback::{on_host_stack, trim};

use super::*;

callback! { "C-unwind" fn steps(arg) {
    // SAFETY: `step` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    let mut scenario = (run.scenario, run.mode);
    run.prepared(|run| {
        // SAFETY: the handler is a C function, and `runs` expects the pair.
        unsafe {
            c::c_step(run.stack.flags());
            let result = c::c_call_stepped(runs::of(Mode::Plain), to_c(&mut scenario));
            HELD_BACK.fetch_add(usize::try_from(c::c_plan_held_back()).expect("a count"), Relaxed);
            result
        }
    })
} }

/// Instructions after which no signal could arrive, because the runtime had blocked them all.
pub(super) static HELD_BACK: AtomicUsize = AtomicUsize::new(0);

/// Runs the scenario with a callback from a handler after each instruction, for each kind of stack.
pub(super) fn step(mode: Mode, before: Option<fn(Mode) -> c_int>, scenario: fn(Mode) -> c_int) {
    for stack in STACKS {
        for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
            let mut run = Run { stack, mode, handler, before, scenario, calls: 0 };
            run.on_thread(THREAD_BYTES, steps::of(Mode::Plain));
        }
    }
}

/// As [`step`], once: for scenarios of very many instructions.
pub(super) fn step_once(
    mode: Mode,
    before: Option<fn(Mode) -> c_int>,
    scenario: fn(Mode) -> c_int,
) {
    let stack = Stack::Alternate;
    let mut run = Run { stack, mode, handler: answers::of(mode), before, scenario, calls: 0 };
    run.on_thread(THREAD_BYTES, steps::of(Mode::Plain));
}

/// Ends threads with a callback from a handler after each instruction of their end.
pub(super) fn step_to_the_end(mode: Mode, first: CCallback, arg: *mut c_void) {
    for stack in STACKS {
        if stack.disarms_itself() || stack.is_in_frame() {
            continue; // The C function makes none of these.
        }
        for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
            // SAFETY: the handler is a C function, and `first` gets the argument that it expects.
            let signals = unsafe {
                c::c_step(stack.flags());
                c::c_step_thread_end(THREAD_BYTES, stack.bytes(), first, arg, handler)
            };
            println!("{stack:?}: {signals} signals");
            assert!(signals > 100, "{stack:?}: {signals}, {:?}", stats());
            assert_no_stack_is_lost();
        }
    }
}

/// Leaves by siglongjmp out of the handler after the first instruction, the second, and so on; each
/// time in the same thread, which afterwards calls back as usual.
pub(super) fn jump_out_at_each(mode: Mode, scenario: fn(Mode) -> c_int) {
    for stack in [Stack::Interrupted, Stack::Alternate] {
        let mut run =
            Run { stack, mode, handler: answers::of(mode), before: Some(warm), scenario, calls: 0 };
        // SAFETY: the body expects this.
        let result = unsafe {
            c::c_call_on_thread(THREAD_BYTES, jumps_out_at_each::of(Mode::Plain), to_c(&mut run))
        };
        assert_eq!(result, 0, "{stack:?}: {:?}", stats());
    }
    assert_no_stack_is_lost();
}

callback! { "C-unwind" fn jumps_out_at_each(arg) {
    // SAFETY: `jump_out_at_each` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    let mut scenario = (run.scenario, run.mode);
    let (mut jumps, mut at) = (0, 1);
    let result = run.prepared(|run| {
        // SAFETY: the handler is a C function.
        unsafe { c::c_step(run.stack.flags()) };
        // SAFETY: `runs` expects the pair.
        let all = unsafe {
            c::c_call_stepped(runs::of(Mode::Plain), to_c(&mut scenario));
            // Now that the thread has its stacks.
            c::c_call_stepped_at(
                core::ffi::c_long::MAX,
                runs::of(Mode::Plain),
                to_c(&mut scenario),
            );
            c::c_plan_signals()
        };
        // Every instruction of a short scenario, evenly spread ones of a long one.
        let step = (all / JUMPS).max(1);
        loop {
            // SAFETY: `runs` expects the pair; what is jumped over has nothing to drop.
            let result =
                unsafe { c::c_call_stepped_until(at, runs::of(Mode::Plain), to_c(&mut scenario)) };
            match result {
                JUMPED if (run.scenario)(run.mode) != 0 => return 1,
                JUMPED if jumps == 2 * JUMPS => return 0,
                JUMPED => (jumps, at) = (jumps + 1, at + step),
                result => return result,
            }
        }
    });
    println!("{jumps} jumps, {:?}", stats());
    result + c_int::from(jumps < 8)
} }

/// About how many instructions of a scenario a handler leaves by siglongjmp.
const JUMPS: core::ffi::c_long = if cfg!(debug_assertions) { 40 } else { 400 };

/// What `c_call_stepped_until` returns when the handler has jumped.
const JUMPED: c_int = -4000;

/// Nested bodies that C jumps out of.
pub(super) fn abandoned(mode: Mode) -> c_int {
    // SAFETY: the body expects the address of a callback; the frames that are jumped over have
    // nothing to drop.
    unsafe {
        c::c_call_jumped(0, calls_again::of(mode), jumps_on_a_further_stack::of(mode).0.cast_mut())
            - 1
    }
}

callback! { "C" [reserve = 9 << 20] fn jumps_on_a_further_stack(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

pub(super) fn calls_back_on_the_host(mode: Mode) -> c_int {
    let mut mode = mode;
    call(visits_its_host::of(Mode::Always), to_c(&mut mode))
}

callback! { "C" fn visits_its_host(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    on_host_stack(|| warm(mode)) + warm(mode)
} }

pub(super) fn panics_across(mode: Mode) -> c_int {
    let caught = std::panic::catch_unwind(|| call(unwinds::of(mode), ptr::null_mut()));
    c_int::from(caught.is_ok()) + warm(mode)
}

callback! { "C-unwind" fn unwinds(_arg) { std::panic::resume_unwind(Box::new(1_u8)) } }

/// A handler begins a coroutine, in which a body is suspended while what the handler has
/// interrupted goes on: after the first instruction, the second, and so on.
pub(super) fn coroutine_at_each(mode: Mode) {
    let mut mode = mode;
    // SAFETY: the mode lives until the thread has ended.
    let result = unsafe {
        c::c_call_on_thread(THREAD_BYTES, interrupted_at_each::of(Mode::Plain), to_c(&mut mode))
    };
    assert_eq!(result, 0, "{:?}", stats());
    assert_no_stack_is_lost();
}

callback! { "C-unwind" fn interrupted_at_each(arg) {
    // SAFETY: `coroutine_at_each` passes it.
    let mode = unsafe { *arg.cast::<Mode>() };
    prepare_thread();
    let mut wrong = warm(mode);
    let mut memory = vec![0_u8; 256 * KIB];
    for at in (1..).step_by(if cfg!(debug_assertions) { 7 } else { 1 }) {
        let mut coroutine = ptr::null_mut();
        // SAFETY: memory and pointer outlive the coroutine; the handler is a C function.
        unsafe {
            coroutine = c::c_coroutine_new(
                memory.as_mut_ptr().cast(),
                memory.len(),
                suspends_itself::of(mode),
                to_c(&mut coroutine),
            );
            c::c_plan(begins::of(Mode::Plain), to_c(&mut coroutine));
            c::c_step(0);
            wrong += c::c_call_stepped_at(at, answers::of(mode), ptr::null_mut());
            let was_called = c::c_plan_calls() == 1;
            wrong += c_int::from(c::c_plan_wrong() != 0);
            if was_called {
                wrong += c_int::from(c::c_coroutine_resume(coroutine) != 1);
                wrong += c::c_coroutine_result(coroutine);
            }
            c::c_coroutine_free(coroutine);
            if wrong != 0 || !was_called {
                println!("{at} instructions, {wrong} wrong");
                return wrong + c_int::from(at < 20);
            }
        }
    }
    wrong
} }

callback! { "C" fn begins(arg) {
    // SAFETY: the pointer to the coroutine, which is suspended before it has begun.
    unsafe { c::c_coroutine_resume(*arg.cast()) }
} }

callback! { "C" fn suspends_itself(arg) {
    let canary = Canary::new(43);
    // SAFETY: the pointer to the coroutine that this runs in.
    unsafe { c::c_coroutine_suspend(*arg.cast()) };
    c_int::from(!canary.is_intact())
} }

pub(super) fn prepares(mode: Mode) -> c_int {
    prepare_thread();
    warm(mode)
}

pub(super) fn registers_a_part_of_its_stack(mode: Mode) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    let registration = guarded_callback::register_stack(low..low + 4096).expect("room for one");
    let result = warm(mode);
    drop(registration);
    result + warm(mode)
}

/// A handler registers a coroutine's stack in a frame of the thread, for good, after the first
/// instruction of a registration that it has interrupted, the second, and so on.
pub(super) fn register_at_each(mode: Mode) {
    let mut mode = mode;
    let thread = register_at_each_instruction::of(Mode::Plain);
    // SAFETY: the mode lives until the thread has ended.
    assert_eq!(unsafe { c::c_call_on_thread(512 * KIB, thread, to_c(&mut mode)) }, 0);
}

type Carved = (core::ops::Range<usize>, Option<guarded_callback::Registration>);

callback! { "C" fn registers_a_frame(arg) {
    // SAFETY: `register_at_each_instruction` passes it.
    let (range, registration) = unsafe { &mut *arg.cast::<Carved>() };
    *registration = guarded_callback::register_stack(range.clone()).ok();
    0
} }

callback! { "C" fn registers_and_forgets(_arg) {
    let low = StackBounds::of_thread().expect("known").low();
    drop(guarded_callback::register_stack(low..low + 4096).expect("room for two"));
    0
} }

callback! { "C-unwind" fn register_at_each_instruction(arg) {
    // SAFETY: `register_at_each` passes it.
    let mode = unsafe { *arg.cast::<Mode>() };
    prepare_thread();
    let mut wrong = warm(mode);
    let mut memory = [0_u8; 32 * KIB];
    let range = memory.as_ptr_range();
    let mut carved: Carved = (range.start.addr()..range.end.addr(), None);
    for at in (1..).step_by(if cfg!(debug_assertions) { 199 } else { 3 }) {
        // SAFETY: the handler is a C function; its callback gets what it expects.
        let is_over = unsafe {
            c::c_plan(registers_a_frame::of(Mode::Plain), to_c(&mut carved));
            c::c_step(0);
            let f = registers_and_forgets::of(Mode::Plain);
            wrong += c::c_call_stepped_at(at, f, ptr::null_mut());
            c::c_plan_calls() == 0
        };
        // SAFETY: the body does not use its argument.
        let seen = unsafe { in_a_coroutine(&mut memory, leaves_it::of(mode), ptr::null_mut()) };
        wrong += c_int::from(!is_over && seen != (1, 0));
        carved.1 = None;
        if wrong != 0 || is_over {
            println!("{at} instructions, {wrong} wrong");
            return wrong + c_int::from(at < 20);
        }
    }
    wrong
} }

pub(super) fn trims(mode: Mode) -> c_int {
    let result = nested_on_a_further_stack(mode);
    trim();
    result + nested_on_a_further_stack(mode)
}

/// A body looks where it is, while the thread holds a stack that nobody needs any more: a handler
/// at one of the instructions takes that back.
pub(super) fn look_at_each(mode: Mode) {
    for stack in STACKS {
        let handler = answers_with_a_further_stack_always::of(mode);
        let mut run =
            Run { stack, mode, handler, before: Some(warm), scenario: looks_at_each, calls: 0 };
        run.on_thread(THREAD_BYTES, prepared_only::of(Mode::Plain));
    }
}

callback! { "C-unwind" fn prepared_only(arg) {
    // SAFETY: `look_at_each` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function.
        unsafe { c::c_step(run.stack.flags()) };
        (run.scenario)(run.mode)
    })
} }

fn looks_at_each(_mode: Mode) -> c_int {
    call(looks_beside_an_abandoned_stack::of(Mode::Always), ptr::null_mut())
}

callback! { "C" fn looks_beside_an_abandoned_stack(_arg) {
    // All of them in a release build; an unoptimised one has very many.
    let step = if cfg!(debug_assertions) { 29 } else { 1 };
    let mut at = 0;
    loop {
        at += step;
        // SAFETY: the bodies do not use their argument; nothing between has to be dropped.
        let wrong = unsafe {
            let jumped =
                c::c_call_jumped(0, jumps_on_a_further_stack::of(Mode::Always), ptr::null_mut());
            jumped - 1 + c::c_call_stepped_at(at, looks::of(Mode::Plain), ptr::null_mut())
        };
        // SAFETY: only tells a number.
        if wrong != 0 || unsafe { c::c_plan_signals() } < at {
            println!("{at} instructions");
            return wrong;
        }
    }
} }

callback! { "C" fn looks(_arg) {
    let knows = on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB);
    c_int::from(!knows)
} }

// The first callback of a thread, in a handler that interrupts the C library.

/// About how many instructions are interrupted at most, each on a new thread; and how many are
/// stepped over on the way.
const FIRSTS: core::ffi::c_long = if cfg!(debug_assertions) { 60 } else { 200 };
const MOST_STEPS: core::ffi::c_long = 1_000_000;

/// Interrupts the scenario after evenly spread instructions, or after each where they are few.
pub(super) fn first_at_each(mode: Mode, scenario: fn(Mode) -> c_int) {
    // SAFETY: ends the process, should it wait for itself.
    unsafe { libc::alarm(600) };
    for stack in [Stack::Interrupted, Stack::Alternate, Stack::Autodisarm] {
        let (mut at, mut step, mut tried) = (1, 1, 0);
        loop {
            let mut run =
                Run { stack, mode, handler: answers::of(mode), before: None, scenario, calls: 0 };
            let mut first = (&raw mut run, at, 0);
            // SAFETY: the body expects this.
            let result = unsafe {
                c::c_call_on_thread(256 * KIB, first_at::of(Mode::Plain), to_c(&mut first))
            };
            assert_eq!(result, 0, "{stack:?}: after {at} instructions: {:?}", stats());
            if run.calls == 0 {
                break;
            }
            tried += 1;
            // After a few at the beginning.
            if tried == 50 {
                first = (&raw mut run, core::ffi::c_long::MAX, 0);
                // SAFETY: as above.
                unsafe {
                    c::c_call_on_thread(256 * KIB, first_at::of(Mode::Plain), to_c(&mut first))
                };
                let tries = FIRSTS.min(2 * MOST_STEPS / first.2.max(1)).max(1);
                step = (first.2 / tries).max(1);
            }
            at += step;
        }
        println!("{stack:?}: {tried} first callbacks, one in {step} instructions of {at}");
        assert!(tried > 20, "{tried}");
        assert_no_stack_is_lost();
    }
}

callback! { "C-unwind" fn first_at(arg) {
    // SAFETY: `first_at_each` passes it: the run, at which instruction to call back, and how many
    // there were.
    let (run, at, all) =
        unsafe { &mut *arg.cast::<(*mut Run, core::ffi::c_long, core::ffi::c_long)>() };
    // SAFETY: as above.
    let run = unsafe { &mut **run };
    let mut scenario = (run.scenario, run.mode);
    let is_past = |result: c_int, calls: usize| result - c_int::from(calls == 0);
    let result = run.prepared(|run| {
        // SAFETY: the handler is a C function, and `runs` expects the pair.
        unsafe {
            c::c_step(run.stack.flags());
            let result = c::c_call_stepped_at(*at, runs::of(Mode::Plain), to_c(&mut scenario));
            *all = c::c_plan_signals();
            result
        }
    });
    is_past(result, run.calls)
} }

pub(super) fn allocates(_mode: Mode) -> c_int {
    [24, 1000, 300_000]
        .into_iter()
        .map(|bytes| {
            // SAFETY: freed once.
            unsafe {
                let memory = core::hint::black_box(libc::malloc(bytes));
                libc::free(memory);
                c_int::from(memory.is_null())
            }
        })
        .sum()
}

pub(super) fn makes_a_thread(_mode: Mode) -> c_int {
    extern "C" fn nothing(arg: *mut c_void) -> *mut c_void {
        arg
    }
    let mut thread = core::mem::MaybeUninit::uninit();
    // SAFETY: the thread is joined, if there is one.
    unsafe {
        let error =
            libc::pthread_create(thread.as_mut_ptr(), ptr::null(), nothing, ptr::null_mut());
        if error == 0 { libc::pthread_join(thread.assume_init(), ptr::null_mut()) } else { error }
    }
}

#[cfg(not(target_env = "musl"))]
pub(super) fn opens_a_library(_mode: Mode) -> c_int {
    // SAFETY: a library of glibc that does nothing.
    unsafe {
        let library = libc::dlopen(c"libBrokenLocale.so.1".as_ptr(), libc::RTLD_NOW);
        if library.is_null() { 1 } else { libc::dlclose(library) }
    }
}

/// The first callback of a process, whose thread is in `exit`.
pub(super) fn first_at_each_of_exit(mode: Mode) {
    for stack in [Stack::Interrupted, Stack::Alternate] {
        let (mut at, mut tried): (core::ffi::c_long, _) = (1, 0);
        loop {
            let mut run = Run {
                stack,
                mode,
                handler: tells_that_it_answers::of(mode),
                before: None,
                scenario: warm,
                calls: 0,
            };
            let mut first = (&raw mut run, at);
            let code = in_fork(|| {
                // SAFETY: the body expects this, and ends the process.
                unsafe {
                    c::c_call_on_thread(256 * KIB, exits_at::of(Mode::Plain), to_c(&mut first))
                };
                3
            });
            if code == NOT_CALLED {
                break;
            }
            assert_eq!(code, ANSWERED, "{stack:?}, after {at} instructions");
            (tried, at) = (tried + 1, at + 1 + at / 8);
        }
        println!("{stack:?}: {tried} first callbacks within {at} instructions");
        assert!(tried > 20, "{tried}");
    }
}

/// How a process ends whose `exit` was not interrupted, or was, and went on.
const NOT_CALLED: c_int = 40;
const ANSWERED: c_int = 41;

/// Decides, as the last thing, how the process ends.
static EXIT_CODE: AtomicUsize = AtomicUsize::new(NOT_CALLED as usize);

callback! { "C" fn tells_that_it_answers(_arg) {
    let is_right =
        remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB) && use_stack(100 * KIB) == 0;
    EXIT_CODE.store(if is_right { ANSWERED } else { 4 } as usize, Relaxed);
    c_int::from(!is_right)
} }

callback! { "C-unwind" fn exits_at(arg) {
    extern "C" fn tells() {
        // SAFETY: ends the process.
        unsafe { libc::_exit(EXIT_CODE.load(Relaxed) as c_int) };
    }
    // SAFETY: `first_at_each_of_exit` passes it.
    let (run, at) = unsafe { &mut *arg.cast::<(*mut Run, core::ffi::c_long)>() };
    // SAFETY: as above.
    let run = unsafe { &mut **run };
    run.prepared(|run| {
        // SAFETY: the handler is a C function.
        unsafe {
            // Called after those that are registered later; what comes then cannot tell any more.
            libc::atexit(tells);
            libc::atexit(nothing);
            c::c_step(run.stack.flags());
            c::c_begin_steps(*at);
            libc::exit(5);
        }
    })
} }

extern "C" fn nothing() {}

/// The exit status of a process that runs `inside`; a negative signal.
fn in_fork(inside: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: this process has one other thread, which waits.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(60);
            libc::_exit(inside());
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) }
    }
}
