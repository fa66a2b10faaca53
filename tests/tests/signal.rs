//! Callbacks from signal handlers: on an alternate stack or not, while idle, while a body runs, at every instruction.

// Signals.
#![cfg(unix)]
#![cfg(target_os = "linux")]

#[cfg(target_arch = "x86_64")]
#[path = "signal/stepped.rs"]
mod stepped;

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use guarded_callback::{Source, StackBounds, on_system_stack, prepare_thread, remaining_stack, stats};
use tests::{CCallback, LITTLE, Mode, c, callback, in_both_modes, rounds, to_c};

const KIB: usize = 1024;

/// On which stack handlers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stack {
    /// That which the signal interrupts.
    Interrupted,
    Alternate,
    /// The kernel's least for the frame of a signal, and what a shim and a C handler take.
    Tiny,
    /// The kernel forgets it while a handler runs.
    Autodisarm,
    /// With room for a body.
    Large,
}

const STACKS: [Stack; 4] = [Stack::Interrupted, Stack::Alternate, Stack::Tiny, Stack::Autodisarm];

impl Stack {
    fn bytes(self) -> usize {
        match self {
            Self::Interrupted => 0,
            Self::Alternate | Self::Autodisarm => 64 * KIB,
            Self::Large => 512 * KIB,
            // SAFETY: it only tells a number.
            Self::Tiny => (unsafe { c::c_smallest_signal_stack() } + LITTLE + KIB).next_multiple_of(64),
        }
    }

    fn flags(self) -> c_int {
        if self == Self::Interrupted { 0 } else { libc::SA_ONSTACK }
    }
}

/// What a thread does with signals.
struct Run {
    stack: Stack,
    mode: Mode,
    handler: CCallback,
    /// `None`: the thread calls back for the first time while it gets signals.
    before: Option<fn(Mode) -> c_int>,
    scenario: fn(Mode) -> c_int,
    calls: usize,
}

impl Run {
    /// Runs it on a C thread by `thread`, and expects no stack to be lost.
    #[track_caller]
    fn on_thread(&mut self, stack_bytes: usize, thread: CCallback) {
        // SAFETY: the body expects this.
        let result = unsafe { c::c_call_on_thread(stack_bytes, thread, to_c(self)) };
        assert_eq!(result, 0, "{:?}, after {} callbacks from handlers: {:?}", self.stack, self.calls, stats());
        assert_no_stack_is_lost();
    }

    /// With an alternate stack of the kind, and the handler's callback planned.
    fn prepared(&mut self, run: impl FnOnce(&Self) -> c_int) -> c_int {
        let base = if self.stack.bytes() == 0 {
            ptr::null_mut()
        } else {
            // SAFETY: no handler runs meanwhile.
            unsafe { c::c_signal_stack(self.stack.bytes(), c_int::from(self.stack == Stack::Autodisarm)) }
        };
        let before = self.before.map_or(0, |before| {
            prepare_thread();
            before(self.mode)
        });
        // SAFETY: a callback that does not use its argument.
        unsafe {
            c::c_plan(self.handler, ptr::null_mut());
            c::c_forbid_unsafe_calls(c_int::from(self.before.is_some()));
        }
        let result = run(self);
        // SAFETY: they only tell numbers.
        let (calls, wrong) = unsafe { (c::c_plan_calls(), c::c_plan_wrong()) };
        self.calls = usize::try_from(calls).expect("a count");
        if !base.is_null() {
            // SAFETY: no handler runs on it any more.
            unsafe { c::c_no_signal_stack(base, self.stack.bytes()) };
        }
        println!("{:?}: {calls} callbacks from handlers, {wrong} wrong, result {result}", self.stack);
        before + result + c_int::from(wrong != 0 || calls == 0)
    }
}

/// All threads that called back have ended, so every stack lies in the pool.
#[track_caller]
fn assert_no_stack_is_lost() {
    let stats = stats();
    assert_eq!(stats.stacks_mapped - stats.stacks_unmapped, stats.stacks_pooled, "{stats:?}");
}

// The bodies are short, so that nearly all of the instructions that are stepped over are the runtime's.

callback! { "C" fn answers(_arg) { c_int::from(remaining_stack().is_none_or(|bytes| bytes < 128 * KIB)) } }

callback! { "C" [reserve = 9 << 20] fn answers_on_a_further_stack(_arg) { c_int::from(!on_system_stack()) } }

callback! { "C" fn calls_again(arg) {
    let canary = core::hint::black_box(arg.addr() ^ 0x5a5a);
    // SAFETY: the argument is the address of a callback that does not use its own.
    let below = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    below + c_int::from(core::hint::black_box(canary) != arg.addr() ^ 0x5a5a)
} }

callback! { "C" fn answers_with_a_further_stack_always(_arg) {
    // SAFETY: the argument is the address of a callback.
    unsafe { c::c_call(calls_again::of(Mode::Always), answers_on_a_further_stack::of(Mode::Always).0.cast_mut()) }
} }

fn call(f: CCallback, arg: *mut c_void) -> c_int {
    // SAFETY: the callers pass what the body expects.
    unsafe { c::c_call(f, arg) }
}

fn warm(mode: Mode) -> c_int {
    call(answers::of(mode), ptr::null_mut())
}

fn nested(mode: Mode) -> c_int {
    call(calls_again::of(mode), answers::of(mode).0.cast_mut())
}

fn nested_on_a_further_stack(mode: Mode) -> c_int {
    call(calls_again::of(mode), answers_on_a_further_stack::of(mode).0.cast_mut())
}

/// A body that C jumps out of, and then one that finds its stack.
fn jumped_over(mode: Mode) -> c_int {
    // SAFETY: the body does not use its argument.
    let jumped = unsafe { c::c_call_jumped(1024, jumps::of(mode), ptr::null_mut()) };
    jumped - 1 + warm(mode)
}

callback! { "C" fn jumps(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C-unwind" fn runs(arg) {
    // SAFETY: the test passes the pair.
    let (scenario, mode) = unsafe { *arg.cast::<(fn(Mode) -> c_int, Mode)>() };
    scenario(mode)
} }

#[cfg(target_arch = "x86_64")]
in_both_modes! {
    fn handler_at_an_instruction_of_the_warm_way_fails(mode) { stepped::step(mode, Some(warm), warm); }

    fn handler_at_an_instruction_of_the_first_use_fails(mode) { stepped::step(mode, None, warm); }

    fn handler_at_an_instruction_of_a_nested_callback_fails(mode) { stepped::step(mode, Some(warm), nested); }

    fn handler_at_an_instruction_of_the_cold_path_fails(mode) { stepped::step(mode, Some(warm), nested_on_a_further_stack); }

    fn handler_at_an_instruction_of_taking_back_a_stack_fails(mode) { stepped::step(mode, Some(warm), jumped_over); }

    fn handler_at_an_instruction_of_on_host_stack_fails(mode) { stepped::step(mode, Some(warm), stepped::calls_back_on_the_host); }

    fn handler_at_an_instruction_of_on_system_stack_hides_the_stack(mode) {
        stepped::look_at_each(mode);
    }

    fn handler_at_an_instruction_of_unwinding_fails(mode) { stepped::step_once(mode, Some(stepped::panics_across), stepped::panics_across); }

    fn handler_at_an_instruction_of_prepare_thread_fails(mode) {
        stepped::step(mode, None, stepped::prepares);
        stepped::step(mode, Some(warm), stepped::prepares);
    }

    fn handler_at_an_instruction_of_register_stack_fails(mode) {
        stepped::step(mode, Some(warm), stepped::registers_a_part_of_its_stack);
    }

    fn handler_at_an_instruction_of_unmapping_fails(mode) {
        guarded_callback::Settings::new().spare_stacks(1).apply().expect("first");
        stepped::step_once(mode, Some(warm), stepped::trims);
    }

    fn handler_at_an_instruction_of_the_end_of_a_thread_fails(mode) {
        let mut scenario = (warm as fn(Mode) -> c_int, mode);
        stepped::step_to_the_end(mode, runs::of(Mode::Plain), to_c(&mut scenario));
    }

    fn handler_at_an_instruction_of_the_end_of_a_thread_that_jumped_fails(mode) {
        let mut scenario = (stepped::abandoned as fn(Mode) -> c_int, mode);
        stepped::step_to_the_end(mode, runs::of(Mode::Plain), to_c(&mut scenario));
    }

    fn jump_out_of_a_handler_on_the_warm_way_fails_or_leaks(mode) { stepped::jump_out_at_each(mode, warm); }

    fn jump_out_of_a_handler_in_the_cold_path_fails_or_leaks(mode) {
        stepped::jump_out_at_each(mode, nested_on_a_further_stack);
    }
}

// Signals that arrive while another handler's callback runs.

static NESTED: AtomicUsize = AtomicUsize::new(0);

callback! { "C" fn raises_another(_arg) {
    let canary = tests::Canary::new(23);
    // SAFETY: a handler for it is there; the thread does not block it.
    unsafe { libc::raise(libc::SIGUSR2) };
    NESTED.fetch_add(1, Relaxed);
    c_int::from(!canary.is_intact())
} }

callback! { "C-unwind" fn raises_often(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handlers are C functions and call nothing but callbacks.
        unsafe {
            c::c_handle_with_locals(libc::SIGUSR1, run.stack.flags());
            c::c_handle_by_scribbling(libc::SIGUSR2, run.stack.flags());
        }
        let mut wrong = 0;
        for _ in 0..200 {
            // While idle, and while a body runs.
            // SAFETY: raises a signal on this thread, which has a handler.
            wrong += unsafe { libc::raise(libc::SIGUSR1) };
            wrong += call(raises_one::of(run.mode), ptr::null_mut());
            // SAFETY: asks only.
            wrong += c_int::from((run.stack.bytes() != 0) != (unsafe { c::c_has_signal_stack() } == 1));
        }
        wrong
    })
} }

callback! { "C" fn raises_one(_arg) {
    let canary = tests::Canary::new(29);
    // SAFETY: as above.
    let raised = unsafe { libc::raise(libc::SIGUSR1) };
    raised + c_int::from(!canary.is_intact())
} }

/// The source of the stack that the last handler's body ran on.
static NOTED: AtomicUsize = AtomicUsize::new(usize::MAX);

callback! { "C" fn notes_its_stack(_arg) {
    NOTED.store(StackBounds::current().map_or(usize::MAX, |bounds| bounds.source() as usize), Relaxed);
    c_int::from(remaining_stack().is_none_or(|bytes| bytes < 128 * KIB))
} }

callback! { "C-unwind" fn raises_once(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function; the signal is raised on this thread.
        unsafe {
            c::c_handle(libc::SIGUSR1, run.stack.flags());
            libc::raise(libc::SIGUSR1)
        }
    })
} }

callback! { "C-unwind" fn is_jumped_out_of(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function; a stack_t is plain data, and the memory is there until `prepared` takes it away.
        unsafe {
            c::c_handle(libc::SIGUSR1, run.stack.flags());
            let mut armed: libc::stack_t = core::mem::zeroed();
            let mut wrong = libc::sigaltstack(ptr::null(), &raw mut armed);
            for _ in 0..50 {
                wrong += c_int::from(c::c_call_jumped_by_handler(raises_one::of(run.mode), ptr::null_mut()) != 1);
                // As with SS_AUTODISARM: only the program knows whether the memory is still there.
                wrong += c_int::from(c::c_has_signal_stack() != 0) + warm(run.mode);
                wrong += libc::sigaltstack(&raw const armed, ptr::null_mut());
            }
            wrong
        }
    })
} }

callback! { "C" fn jumps_out_of_its_handler(_arg) {
    // SAFETY: the test has set the target; neither this frame nor the handler's has anything to drop.
    unsafe { c::c_jump_out_of_handler() }
} }

fn signals_in_bodies_of_handlers(mode: Mode, stacks: &[Stack]) {
    for &stack in stacks {
        if stack == Stack::Autodisarm && tests::is_emulated("does not give a stack with SS_AUTODISARM back") {
            continue;
        }
        let before = NESTED.load(Relaxed);
        let mut run =
            Run { stack, mode, handler: raises_another::of(mode), before: Some(warm), scenario: warm, calls: 0 };
        run.on_thread(120 * KIB, raises_often::of(Mode::Plain));
        assert_eq!((run.calls, NESTED.load(Relaxed) - before), (400, 400));
    }
}

in_both_modes! {
    fn signal_in_the_body_of_a_handler_writes_over_the_handler(mode) {
        signals_in_bodies_of_handlers(mode, &STACKS);
    }

    fn alternate_stack_with_room_is_not_known(mode) {
        let mut run =
            Run { stack: Stack::Large, mode, handler: notes_its_stack::of(mode), before: Some(warm), scenario: warm, calls: 0 };
        run.on_thread(120 * KIB, raises_once::of(Mode::Plain));
        let expected = if mode == Mode::Always { Source::System } else { Source::Signal };
        assert_eq!(NOTED.load(Relaxed), expected as usize);
    }

    fn jump_out_of_the_body_of_a_handler_leaks_or_arms_what_may_be_gone(mode) {
        let mut run =
            Run { stack: Stack::Alternate, mode, handler: jumps_out_of_its_handler::of(mode), before: Some(warm), scenario: warm, calls: 0 };
        run.on_thread(120 * KIB, is_jumped_out_of::of(Mode::Plain));
    }
}

// Timers: signals at any time, also in the kernel.

const STORM_CALLS: usize = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };

const STORM_NANOSECONDS: core::ffi::c_long = if cfg!(debug_assertions) { 300_000 } else { 50_000 };

callback! { "C-unwind" fn weathers_a_storm(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        let mut timer = ptr::null_mut();
        // SAFETY: the handler is a C function, and the timer is stopped below.
        unsafe {
            c::c_handle(libc::SIGUSR1, run.stack.flags() | libc::SA_RESTART);
            assert_eq!(c::c_start_timer(libc::SIGUSR1, STORM_NANOSECONDS, &raw mut timer), 0);
        }
        let mut wrong = 0;
        for number in 0..rounds(STORM_CALLS) {
            wrong += match number % 64 {
                0 => nested_on_a_further_stack(run.mode),
                1 => jumped_over(run.mode),
                2 => nested(run.mode),
                _ => (run.scenario)(run.mode),
            };
        }
        // SAFETY: started above.
        unsafe { c::c_stop_timer(&raw mut timer) };
        wrong
    })
} }

callback! { "C-unwind" fn raises_in_a_storm(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        let mut timer = ptr::null_mut();
        // SAFETY: the handlers are C functions, and the timer is stopped below.
        unsafe {
            c::c_handle_with_locals(libc::SIGUSR1, run.stack.flags());
            c::c_handle_by_scribbling(libc::SIGUSR2, run.stack.flags() | libc::SA_RESTART);
            assert_eq!(c::c_start_timer(libc::SIGUSR2, STORM_NANOSECONDS / 2, &raw mut timer), 0);
        }
        // SAFETY: raises a signal on this thread, which has a handler.
        let wrong = (0..rounds(STORM_CALLS / 10)).map(|_| unsafe { libc::raise(libc::SIGUSR1) }).sum();
        // SAFETY: started above.
        unsafe { c::c_stop_timer(&raw mut timer) };
        wrong
    })
} }

in_both_modes! {
    fn storm_of_timer_signals_writes_over_handlers_that_call_back(mode) {
        let stack = Stack::Alternate;
        let mut run = Run { stack, mode, handler: answers::of(mode), before: Some(warm), scenario: warm, calls: 0 };
        run.on_thread(120 * KIB, raises_in_a_storm::of(Mode::Plain));
    }

    fn storm_of_timer_signals_over_millions_of_callbacks_fails(mode) {
        for stack in STACKS {
            for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
                let mut run = Run { stack, mode, handler, before: Some(warm), scenario: warm, calls: 0 };
                run.on_thread(120 * KIB, weathers_a_storm::of(Mode::Plain));
            }
        }
    }
}

// What a handler may not call.

/// Functions that are not async-signal-safe, and that a first use calls: the executable's own, which come before the C library's.
#[cfg(target_env = "gnu")]
mod unsafe_in_handlers {
    use core::ffi::{c_char, c_int, c_void};

    unsafe extern "C" {
        fn __libc_malloc(bytes: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, bytes: usize) -> *mut c_void;
        fn __libc_realloc(memory: *mut c_void, bytes: usize) -> *mut c_void;
        fn __libc_free(memory: *mut c_void);
    }

    fn not_in_a_handler(name: &str) {
        // SAFETY: asks only.
        if unsafe { tests::c::c_in_handler() } != 0 {
            // SAFETY: a valid text.
            unsafe { libc::write(2, name.as_ptr().cast(), name.len()) };
            std::process::abort();
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn malloc(bytes: usize) -> *mut c_void {
        not_in_a_handler("malloc in a handler\n");
        // SAFETY: the caller's promise.
        unsafe { __libc_malloc(bytes) }
    }

    #[unsafe(no_mangle)]
    extern "C" fn calloc(count: usize, bytes: usize) -> *mut c_void {
        not_in_a_handler("calloc in a handler\n");
        // SAFETY: the caller's promise.
        unsafe { __libc_calloc(count, bytes) }
    }

    #[unsafe(no_mangle)]
    extern "C" fn realloc(memory: *mut c_void, bytes: usize) -> *mut c_void {
        not_in_a_handler("realloc in a handler\n");
        // SAFETY: the caller's promise.
        unsafe { __libc_realloc(memory, bytes) }
    }

    #[unsafe(no_mangle)]
    extern "C" fn free(memory: *mut c_void) {
        not_in_a_handler("free in a handler\n");
        // SAFETY: the caller's promise.
        unsafe { __libc_free(memory) }
    }

    /// The C library's function of that name.
    fn next(name: *const c_char) -> *mut c_void {
        // SAFETY: a valid name.
        let function = unsafe { libc::dlsym(libc::RTLD_NEXT, name) };
        assert!(!function.is_null());
        function
    }

    #[unsafe(no_mangle)]
    extern "C" fn pthread_getattr_np(thread: libc::pthread_t, attr: *mut libc::pthread_attr_t) -> c_int {
        not_in_a_handler("pthread_getattr_np in a handler\n");
        type Function = extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> c_int;
        // SAFETY: that is the type of the function.
        let function = unsafe { core::mem::transmute::<*mut c_void, Function>(next(c"pthread_getattr_np".as_ptr())) };
        function(thread, attr)
    }

    #[unsafe(no_mangle)]
    extern "C" fn pthread_key_create(key: *mut libc::pthread_key_t, destructor: *const c_void) -> c_int {
        not_in_a_handler("pthread_key_create in a handler\n");
        type Function = extern "C" fn(*mut libc::pthread_key_t, *const c_void) -> c_int;
        // SAFETY: that is the type of the function.
        let function = unsafe { core::mem::transmute::<*mut c_void, Function>(next(c"pthread_key_create".as_ptr())) };
        function(key, destructor)
    }
}
