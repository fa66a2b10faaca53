//! Callbacks from signal handlers: on an alternate stack or not, while idle, while a body runs, at
//! every instruction.

// Signals.
#![cfg(unix)]
#![cfg(target_os = "linux")]

#[cfg(target_arch = "aarch64")]
#[path = "signal/broken.rs"]
mod broken;
#[cfg(target_arch = "x86_64")]
#[path = "signal/stepped.rs"]
mod stepped;

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};
use std::alloc::{Layout, alloc_zeroed, dealloc};

use guarded_callback::{
    Source, StackBounds, StackMap, on_system_stack, prepare_thread, remaining_stack, stats,
};
use tests::c::Coroutine;
use tests::{
    CCallback, Canary, LITTLE, Mode, c, callback, in_a_coroutine, in_both_modes,
    is_unmapping_untold, no_signal_stack, rounds, to_c, use_stack,
};

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
    /// In a frame of the thread's own stack.
    InFrame,
    InFrameAutodisarm,
    /// With room for a body.
    Large,
}

const STACKS: [Stack; 6] = [
    Stack::Interrupted,
    Stack::Alternate,
    Stack::Tiny,
    Stack::Autodisarm,
    Stack::InFrame,
    Stack::InFrameAutodisarm,
];

impl Stack {
    fn bytes(self) -> usize {
        match self {
            Self::Interrupted => 0,
            Self::Alternate | Self::Autodisarm => 64 * KIB,
            Self::InFrame | Self::InFrameAutodisarm => IN_FRAME_BYTES,
            Self::Large => 512 * KIB,
            Self::Tiny => {
                // SAFETY: it only tells a number.
                let smallest = unsafe { c::c_smallest_signal_stack() };
                (smallest + LITTLE + KIB).next_multiple_of(64)
            }
        }
    }

    fn flags(self) -> c_int {
        if self == Self::Interrupted { 0 } else { libc::SA_ONSTACK }
    }

    fn disarms_itself(self) -> bool {
        matches!(self, Self::Autodisarm | Self::InFrameAutodisarm)
    }

    fn is_in_frame(self) -> bool {
        matches!(self, Self::InFrame | Self::InFrameAutodisarm)
    }
}

/// Those of the kinds that can be tried here.
fn usable(stacks: &[Stack]) -> impl Iterator<Item = Stack> {
    let why = "does not give a stack with SS_AUTODISARM back";
    stacks.iter().copied().filter(move |stack| !stack.disarms_itself() || !tests::is_emulated(why))
}

const IN_FRAME_BYTES: usize = 32 * KIB;

/// Too little for the body of a callback.
const THREAD_BYTES: usize = 120 * KIB;

/// The alternate stack of the calling thread.
fn signal_stack_now() -> (usize, usize) {
    let mut low = 0;
    // SAFETY: can be written.
    let bytes = unsafe { c::c_signal_stack_now(&raw mut low) };
    (low, bytes)
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
    /// Of warm callbacks, on a thread that has made some.
    fn new(stack: Stack, mode: Mode, handler: CCallback) -> Self {
        Self { stack, mode, handler, before: Some(warm), scenario: warm, calls: 0 }
    }

    /// Runs it on a C thread by `thread`, and expects no stack to be lost.
    #[track_caller]
    fn on_thread(&mut self, stack_bytes: usize, thread: CCallback) {
        // SAFETY: the body expects this.
        let result = unsafe { c::c_call_on_thread(stack_bytes, thread, to_c(self)) };
        assert_eq!(
            result,
            0,
            "{:?}, after {} callbacks from handlers: {:?}",
            self.stack,
            self.calls,
            stats()
        );
        assert_no_stack_is_lost();
    }

    /// With an alternate stack of the kind, and the handler's callback planned.
    fn prepared(&mut self, run: impl FnOnce(&Self) -> c_int) -> c_int {
        if self.stack.is_in_frame() {
            return self.prepared_in_frame(run);
        }
        let base = if self.stack.bytes() == 0 {
            ptr::null_mut()
        } else {
            // SAFETY: no handler runs meanwhile.
            unsafe {
                c::c_signal_stack(self.stack.bytes(), c_int::from(self.stack.disarms_itself()))
            }
        };
        let result = self.planned(run);
        if !base.is_null() {
            let overwrite = c_int::from(is_unmapping_untold());
            // SAFETY: no handler runs on it any more.
            unsafe { c::c_no_signal_stack(base, self.stack.bytes(), overwrite) };
        }
        result
    }

    /// The same with one that lies between frames which must stay as they are.
    #[inline(never)]
    fn prepared_in_frame(&mut self, run: impl FnOnce(&Self) -> c_int) -> c_int {
        #[repr(C, align(64))]
        struct Frame {
            below: [Canary; 16],
            stack: [u8; IN_FRAME_BYTES],
            above: [Canary; 16],
        }
        let canaries = || core::array::from_fn(|at| Canary::new(31 + at as u64));
        let mut frame = Frame { below: canaries(), stack: [0; IN_FRAME_BYTES], above: canaries() };
        let disarms_itself = c_int::from(self.stack.disarms_itself());
        let memory = core::hint::black_box(&mut frame).stack.as_mut_ptr();
        // SAFETY: the memory lasts until the alternate stack is set back below.
        let wrong = unsafe { c::c_set_signal_stack(memory.cast(), IN_FRAME_BYTES, disarms_itself) };
        let result = self.planned(run);
        no_signal_stack();
        let is_intact = frame.below.iter().chain(&frame.above).all(Canary::is_intact);
        wrong + result + c_int::from(!is_intact)
    }

    fn planned(&mut self, run: impl FnOnce(&Self) -> c_int) -> c_int {
        let before = self.before.map_or(0, |before| {
            prepare_thread();
            before(self.mode)
        });
        // SAFETY: a callback that does not use its argument.
        unsafe {
            c::c_plan(self.handler, ptr::null_mut());
            c::c_forbid_unsafe_calls(1);
        }
        let result = run(self);
        // SAFETY: they only tell numbers.
        let (calls, wrong) = unsafe { (c::c_plan_calls(), c::c_plan_wrong()) };
        self.calls = usize::try_from(calls).expect("a count");
        println!(
            "{:?}: {calls} callbacks from handlers, {wrong} wrong, result {result}",
            self.stack
        );
        before + result + c_int::from(wrong != 0 || calls == 0)
    }
}

/// All threads that called back have ended, so every stack lies in the pool.
#[track_caller]
fn assert_no_stack_is_lost() {
    let stats = stats();
    assert_eq!(stats.stacks_mapped - stats.stacks_unmapped, stats.stacks_pooled, "{stats:?}");
}

// The bodies are short, so that nearly all of the instructions that are stepped over are the
// runtime's.

callback! { "C" fn answers(_arg) {
    c_int::from(remaining_stack().is_none_or(|bytes| bytes < 128 * KIB))
} }

callback! { "C" [reserve = 9 << 20] fn answers_on_a_further_stack(_arg) {
    c_int::from(!on_system_stack())
} }

callback! { "C" fn calls_again(arg) {
    let canary = core::hint::black_box(arg.addr() ^ 0x5a5a);
    // SAFETY: the argument is the address of a callback that does not use its own.
    let below = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    below + c_int::from(core::hint::black_box(canary) != arg.addr() ^ 0x5a5a)
} }

callback! { "C" fn answers_with_a_further_stack_always(_arg) {
    // SAFETY: the argument is the address of a callback.
    unsafe {
        c::c_call(
            calls_again::of(Mode::Always),
            answers_on_a_further_stack::of(Mode::Always).0.cast_mut(),
        )
    }
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
    fn handler_at_each_instruction_of_a_warm_callback_works(mode) {
        stepped::step(mode, Some(warm), warm);
    }

    #[cfg(target_arch = "x86_64")]
    fn coroutine_begun_by_a_handler_at_each_instruction_keeps_its_stack(mode) {
        stepped::coroutine_at_each(mode);
    }

    fn handler_at_each_instruction_of_the_first_callback_works(mode) {
        stepped::step(mode, None, warm);
    }

    fn handler_at_each_instruction_of_a_nested_callback_works(mode) {
        stepped::step(mode, Some(warm), nested);
    }

    fn handler_at_each_instruction_around_the_slow_path_works(mode) {
        stepped::step(mode, Some(warm), nested_on_a_further_stack);
        assert!(stepped::HELD_BACK.load(Relaxed) > 100, "signals arrive in the slow path");
    }

    fn handler_at_each_instruction_of_taking_an_idle_stack_works(mode) {
        stepped::step(mode, Some(nested_on_a_further_stack), nested_on_a_further_stack);
    }

    fn handler_at_each_instruction_of_taking_back_a_stack_works(mode) {
        stepped::step(mode, Some(warm), jumped_over);
    }

    fn handler_at_each_instruction_of_on_host_stack_works(mode) {
        stepped::step(mode, Some(warm), stepped::calls_back_on_the_host);
    }

    fn handler_at_each_instruction_of_on_system_stack_leaves_its_answer_right(mode) {
        stepped::look_at_each(mode);
    }

    fn handler_at_each_instruction_of_unwinding_works(mode) {
        stepped::step_once(mode, Some(stepped::panics_across), stepped::panics_across);
    }

    fn handler_at_each_instruction_of_prepare_thread_works(mode) {
        stepped::step(mode, None, stepped::prepares);
        stepped::step(mode, Some(warm), stepped::prepares);
    }

    fn handler_at_each_instruction_of_register_stack_works(mode) {
        stepped::step(mode, Some(warm), stepped::registers_a_part_of_its_stack);
    }

    fn stack_that_a_handler_registers_at_each_instruction_of_register_stack_is_known(mode) {
        stepped::register_at_each(mode);
    }

    fn handler_at_each_instruction_of_trim_works(mode) {
        stepped::step_once(mode, Some(warm), stepped::trims);
    }

    fn handler_at_each_instruction_of_the_end_of_a_thread_works(mode) {
        let mut scenario = (warm as fn(Mode) -> c_int, mode);
        stepped::step_to_the_end(mode, runs::of(Mode::Plain), to_c(&mut scenario));
    }

    fn handler_at_each_instruction_of_the_end_of_a_thread_that_jumped_works(mode) {
        let mut scenario = (stepped::abandoned as fn(Mode) -> c_int, mode);
        stepped::step_to_the_end(mode, runs::of(Mode::Plain), to_c(&mut scenario));
    }

    fn first_callback_at_each_instruction_of_malloc_works(mode) {
        stepped::first_at_each(mode, stepped::allocates);
    }

    fn first_callback_at_each_instruction_of_pthread_create_works(mode) {
        stepped::first_at_each(mode, stepped::makes_a_thread);
    }

    #[cfg(not(target_env = "musl"))]
    fn first_callback_at_each_instruction_of_dlopen_works(mode) {
        stepped::first_at_each(mode, stepped::opens_a_library);
    }

    fn first_callback_at_each_instruction_of_exit_works(mode) {
        stepped::first_at_each_of_exit(mode);
    }

    fn jump_out_of_a_handler_at_each_instruction_of_a_warm_callback_loses_nothing(mode) {
        stepped::jump_out_at_each(mode, warm);
    }

    fn jump_out_of_a_handler_at_each_instruction_of_taking_an_idle_stack_loses_nothing(mode) {
        stepped::jump_out_at_each(mode, nested_on_a_further_stack);
    }

    fn jump_out_of_a_handler_at_each_instruction_around_the_slow_path_loses_nothing(mode) {
        stepped::jump_out_at_each(mode, jumped_over);
    }
}

#[cfg(target_arch = "aarch64")]
in_both_modes! {
    fn handler_at_each_instruction_of_the_fast_path_works(mode) {
        broken::break_at_each(mode, warm);
    }

    fn handler_at_each_instruction_of_a_nested_fast_path_works(mode) {
        broken::break_at_each(mode, nested);
    }
}

// Signals that arrive while another handler's callback runs.

static NESTED: AtomicUsize = AtomicUsize::new(0);

callback! { "C" fn raises_another(_arg) {
    let canary = Canary::new(23);
    // SAFETY: a handler for it is there; the thread does not block it.
    unsafe { libc::raise(libc::SIGUSR2) };
    NESTED.fetch_add(1, Relaxed);
    c_int::from(!canary.is_intact())
} }

/// Handlers for both signals, on the stack that is to be tried.
fn set_handlers(run: &Run) {
    // SAFETY: the handlers are C functions and call nothing but callbacks.
    unsafe {
        c::c_handle_with_locals(libc::SIGUSR1, run.stack.flags());
        c::c_handle_by_scribbling(libc::SIGUSR2, run.stack.flags());
    }
}

callback! { "C-unwind" fn raises_often(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        set_handlers(run);
        let own = signal_stack_now();
        let mut wrong = c_int::from(own.1 != run.stack.bytes());
        for _ in 0..200 {
            // While idle, and while a body runs.
            // SAFETY: raises a signal on this thread, which has a handler.
            wrong += unsafe { libc::raise(libc::SIGUSR1) };
            wrong += call(raises_one::of(run.mode), ptr::null_mut());
            wrong += c_int::from(signal_stack_now() != own);
        }
        wrong
    })
} }

callback! { "C-unwind" fn raises_often_on_a_registered_part(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        set_handlers(run);
        let (low, bytes) = signal_stack_now();
        let part = low + bytes / 4..low + bytes;
        let _registration = guarded_callback::register_stack(part).expect("room for one");
        // SAFETY: raises a signal on this thread, which has a handler.
        let raised: c_int = (0..200).map(|_| unsafe { libc::raise(libc::SIGUSR1) }).sum();
        raised + c_int::from(signal_stack_now() != (low, bytes))
    })
} }

callback! { "C-unwind" fn raises_often_where_a_coroutine_was(arg) {
    const BYTES: usize = 64 * KIB;
    let layout = Layout::from_size_align(BYTES, BYTES).expect("a power of two");
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    // SAFETY: the memory is the coroutine's until that is freed, and then the handlers', of which
    // none runs at the end.
    unsafe {
        let base = alloc_zeroed(layout);
        let stack = core::slice::from_raw_parts_mut(base, BYTES);
        let mut wrong = 0;
        for _ in 0..3 {
            let seen = in_a_coroutine(stack, answers::of(run.mode), ptr::null_mut());
            wrong += c_int::from(seen != (1, 0));
        }
        wrong += c::c_set_signal_stack(base.cast(), BYTES, 0);
        wrong += run.planned(|run| {
            set_handlers(run);
            (0..200).map(|_| libc::raise(libc::SIGUSR1)).sum()
        });
        wrong += no_signal_stack();
        dealloc(base, layout);
        wrong
    }
} }

callback! { "C-unwind" fn gives_its_signal_stack_up(arg) {
    const BYTES: usize = 1024 * KIB;
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let mut memory = vec![0_u8; BYTES];
    // SAFETY: no signal is raised while it is in force.
    let mut wrong = unsafe { c::c_set_signal_stack(memory.as_mut_ptr().cast(), BYTES, 0) };
    prepare_thread();
    wrong += no_signal_stack();
    for _ in 0..3 {
        let stack = &mut memory[BYTES / 2..][..64 * KIB];
        // SAFETY: the body does not use its argument.
        let seen = unsafe { in_a_coroutine(stack, leaves_it::of(mode), ptr::null_mut()) };
        wrong += c_int::from(seen != (1, 0));
    }
    wrong
} }

callback! { "C" fn leaves_it(_arg) { c_int::from(!on_system_stack()) } }

callback! { "C" fn raises_one(_arg) {
    let canary = Canary::new(29);
    // SAFETY: as above.
    let raised = unsafe { libc::raise(libc::SIGUSR1) };
    raised + c_int::from(!canary.is_intact())
} }

/// The source of the stack that the last handler's body ran on.
static NOTED: AtomicUsize = AtomicUsize::new(usize::MAX);

callback! { "C" fn notes_its_stack(_arg) {
    NOTED.store(
        StackBounds::current().map_or(usize::MAX, |bounds| bounds.source() as usize),
        Relaxed,
    );
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
        // SAFETY: the handler is a C function; a stack_t is plain data, and the memory is there
        // until `prepared` takes it away.
        unsafe {
            c::c_handle_with_locals(libc::SIGUSR1, run.stack.flags());
            let mut wrong = 0;
            let own = signal_stack_now();
            for round in 0..50 {
                wrong += c_int::from(
                    c::c_call_jumped_by_handler(raises_one::of(run.mode), ptr::null_mut()) != 1,
                );
                let now = signal_stack_now();
                wrong += c_int::from(now.1 == 0 || now == own);
                // Every other jump is out of a handler on the stack that was lent to the one
                // before.
                if round % 2 == 1 {
                    wrong += warm(run.mode) + nested_on_a_further_stack(run.mode);
                    wrong += c_int::from(signal_stack_now() != own);
                }
            }
            wrong
        }
    })
} }

callback! { "C" fn nests_or_uses_its_stack(_arg) {
    if NESTED.fetch_add(1, Relaxed).is_multiple_of(2) {
        nested_on_a_further_stack(Mode::Always)
    } else {
        use_stack(100 * KIB)
    }
} }

callback! { "C-unwind" fn raises_twice(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function; the signal is raised on this thread.
        unsafe {
            c::c_handle_twice(libc::SIGUSR1, run.stack.flags());
            libc::raise(libc::SIGUSR1) + libc::raise(libc::SIGUSR1)
        }
    })
} }

// Every other call is made by the handler of a signal that interrupts the one before.
callback! { "C" fn is_interrupted_and_jumps(_arg) {
    if NESTED.fetch_add(1, Relaxed).is_multiple_of(2) {
        // SAFETY: a handler for the signal is there; the rest is as in `jumps_out_of_its_handler`.
        unsafe {
            libc::raise(libc::SIGUSR2);
            c::c_jump_out_of_handler()
        }
    }
    0
} }

callback! { "C-unwind" fn is_jumped_out_of_often(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function, which calls back each time.
        unsafe {
            c::c_handle(libc::SIGUSR1, run.stack.flags());
            c::c_handle(libc::SIGUSR2, run.stack.flags());
        }
        (0..200).map(|_| {
            // SAFETY: the bodies do not use their arguments; nothing between has to be dropped.
            let jumped = unsafe {
                c::c_call_jumped_by_handler(raises_one::of(run.mode), ptr::null_mut())
            };
            jumped - 1 + warm(run.mode)
        }).sum()
    })
} }

// Every other call is made by the handler of a signal that interrupts the one before, and jumps
// back into that.
callback! { "C" fn jumps_back_or_is_jumped_to(_arg) {
    if !NESTED.fetch_add(1, Relaxed).is_multiple_of(2) {
        // SAFETY: the handler and this frame have nothing to drop.
        unsafe { c::c_jump() }
    }
    let canary = Canary::new(43);
    // SAFETY: the function does not use its argument.
    let jumped = unsafe {
        c::c_call_jumped(1024, raises_the_other::of(Mode::Plain), ptr::null_mut())
    };
    c_int::from(jumped != 1 || !canary.is_intact())
} }

callback! { "C" fn raises_the_other(_arg) {
    // SAFETY: a handler for it is there; the thread does not block it.
    unsafe { libc::raise(libc::SIGUSR2) }
} }

callback! { "C-unwind" fn is_jumped_out_of_after_an_inner_one(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handlers are C functions, which call back each time.
        unsafe {
            c::c_handle_by_jumping(libc::SIGUSR1, run.stack.flags());
            c::c_handle(libc::SIGUSR2, run.stack.flags());
        }
        let own = signal_stack_now();
        (0..50).map(|_| {
            // SAFETY: the bodies do not use their arguments; nothing between has to be dropped.
            let jumped = unsafe {
                c::c_call_jumped_by_handler(raises_one::of(run.mode), ptr::null_mut())
            };
            (jumped - 1) + warm(run.mode) + c_int::from(signal_stack_now() != own)
        }).sum()
    })
} }

callback! { "C" fn jumps_over_a_body(arg) {
    // SAFETY: the test passes the mode; the body does not use its argument.
    let jumped = unsafe {
        c::c_call_jumped(1024, jumps::of(*arg.cast::<Mode>()), ptr::null_mut())
    };
    jumped - 1
} }

callback! { "C-unwind" fn jumps_within_its_handler(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        let mut mode = run.mode;
        // SAFETY: the handler is a C function, and its callback gets the mode.
        let raised = unsafe {
            c::c_plan(jumps_over_a_body::of(Mode::Plain), to_c(&mut mode));
            c::c_handle(libc::SIGUSR1, run.stack.flags());
            libc::raise(libc::SIGUSR1)
        };
        let wrong = raised + warm(mode);
        let before = stats().slow_paths;
        let called: c_int = (0..100).map(|_| warm(mode)).sum();
        wrong + called + c_int::from(stats().slow_paths != before)
    })
} }

/// The coroutine that a signal interrupts.
static INTERRUPTED: AtomicPtr<Coroutine> = AtomicPtr::new(ptr::null_mut());

callback! { "C" fn suspends_its_coroutine(_arg) {
    let canary = Canary::new(41);
    // SAFETY: the signal has interrupted this coroutine.
    unsafe { c::c_coroutine_suspend(INTERRUPTED.load(Relaxed)) };
    c_int::from(!canary.is_intact()) + use_stack(100 * KIB)
} }

callback! { "C-unwind" fn leaves_its_handlers_waiting(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        set_handlers(run);
        let mut memory = vec![0_u8; 64 * KIB];
        (0..10).map(|_| {
            let mut mode = run.mode;
            // SAFETY: the memory and the mode outlive the coroutine.
            unsafe {
                let stack = memory.as_mut_ptr().cast();
                let f = raises_one::of(Mode::Plain);
                let coroutine = c::c_coroutine_new(stack, memory.len(), f, to_c(&mut mode));
                INTERRUPTED.store(coroutine, Relaxed);
                let begun = c::c_coroutine_resume(coroutine);
                let other = nested_on_a_further_stack(mode) + call(uses_much::of(mode), stack);
                let ended = c::c_coroutine_resume(coroutine);
                c::c_coroutine_free(coroutine);
                begun + other + (ended - 1)
            }
        }).sum()
    })
} }

callback! { "C" fn uses_much(_arg) { use_stack(120 * KIB) } }

callback! { "C-unwind" fn is_jumped_out_of_for_good(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        set_handlers(run);
        // SAFETY: the handlers are C functions, which have run for the last time on the stack that
        // is overwritten.
        unsafe {
            let own = signal_stack_now();
            let mut wrong = c_int::from(
                c::c_call_jumped_by_handler(raises_one::of(run.mode), ptr::null_mut()) != 1,
            );
            let lent = signal_stack_now();
            // The proof that the handler's body is dead.
            ptr::with_exposed_provenance_mut::<u8>(own.0).write_bytes(0xee, own.1);
            wrong += c_int::from(c::c_plan_calls() != 1);
            c::c_plan(raises_another::of(run.mode), ptr::null_mut());
            // In a coroutine: on the thread's own stack a callback would take the lent one back.
            let mut memory = vec![0_u8; 256 * KIB];
            let mut expected = (run.mode, lent);
            let f = jumps_and_raises::of(Mode::Plain);
            let seen = in_a_coroutine(&mut memory, f, to_c(&mut expected));
            if is_unmapping_untold() {
                memory.fill(0xee);
                core::mem::forget(memory);
            }
            wrong += c_int::from(lent == own || seen != (1, 0));
            wrong
        }
    })
} }

callback! { "C" fn jumps_and_raises(arg) {
    // SAFETY: the test passes the mode, and which alternate stack must stay.
    let (mode, lent) = unsafe { *arg.cast::<(Mode, (usize, usize))>() };
    (0..20).map(|_| {
        // SAFETY: the handler is a C function.
        let raised = unsafe { libc::raise(libc::SIGUSR1) };
        jumped_over(mode) + raised + c_int::from(signal_stack_now() != lent)
    }).sum()
} }

/// Where the alternate stack of a handler lies, in whose body another must be in force.
static LEFT: (AtomicUsize, AtomicUsize) = (AtomicUsize::new(0), AtomicUsize::new(0));

callback! { "C" fn has_another_signal_stack(_arg) {
    let (low, bytes) = signal_stack_now();
    let canary = Canary::new(37);
    // SAFETY: a handler for it is there; the thread does not block it.
    let raised = unsafe { libc::raise(libc::SIGUSR2) };
    let is_left =
        (LEFT.0.load(Relaxed)..LEFT.0.load(Relaxed) + LEFT.1.load(Relaxed)).contains(&low);
    let is_another = bytes >= 32 * KIB && bytes >= LEFT.1.load(Relaxed) && !is_left;
    // What lies below is another system stack.
    let is_guarded = !tests::can_be_written(low - 1);
    raised
        + c_int::from(!is_another || !is_guarded || !canary.is_intact())
        + c_int::from(signal_stack_now() != (low, bytes))
} }

callback! { "C" fn pauses(arg) {
    // SAFETY: the test passes the address of its coroutine, in which this runs.
    unsafe { c::c_coroutine_suspend(*arg.cast::<*mut Coroutine>()) };
    0
} }

callback! { "C-unwind" fn raises_with_lent_stacks(arg) {
    // SAFETY: the test passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        set_handlers(run);
        let own = signal_stack_now();
        LEFT.0.store(own.0, Relaxed);
        LEFT.1.store(own.1, Relaxed);
        (0..100).map(|_| {
            // SAFETY: raises a signal on this thread, which has a handler.
            let raised = unsafe { libc::raise(libc::SIGUSR1) };
            raised + c_int::from(signal_stack_now() != own)
        }).sum()
    })
} }

callback! { "C" fn jumps_out_of_its_handler(_arg) {
    // SAFETY: the test has set the target; neither this frame nor the handler's has anything to
    // drop.
    unsafe { c::c_jump_out_of_handler() }
} }

fn signals_in_bodies_of_handlers(mode: Mode, stacks: &[Stack]) {
    for stack in usable(stacks) {
        let before = NESTED.load(Relaxed);
        let mut run = Run::new(stack, mode, raises_another::of(mode));
        run.on_thread(THREAD_BYTES, raises_often::of(Mode::Plain));
        assert_eq!((run.calls, NESTED.load(Relaxed) - before), (400, 400));
    }
}

in_both_modes! {
    fn signal_in_the_body_of_a_handler_leaves_the_handler_intact(mode) {
        signals_in_bodies_of_handlers(mode, &STACKS);
    }

    fn alternate_stack_in_the_frame_of_a_body_is_known(mode) {
        for stack in usable(&[Stack::InFrame, Stack::InFrameAutodisarm]) {
            let mut run =
                Run::new(stack, mode, answers::of(mode));
            run.on_thread(THREAD_BYTES, raises_often::of(Mode::Always));
            assert_eq!(run.calls, 400);
        }
    }

    fn signal_in_the_body_of_a_handler_on_a_registered_part_leaves_the_handler_intact(mode) {
        for stack in usable(&[Stack::Alternate, Stack::InFrame, Stack::Autodisarm]) {
            let mut run = Run::new(stack, mode, raises_another::of(mode));
            run.on_thread(THREAD_BYTES, raises_often_on_a_registered_part::of(Mode::Plain));
            assert_eq!(run.calls, 200);
        }
    }

    fn alternate_stack_where_a_coroutine_was_is_known(mode) {
        let run = Run::new(Stack::Alternate, mode, raises_another::of(mode));
        let mut run = Run { before: None, ..run };
        run.on_thread(THREAD_BYTES, raises_often_where_a_coroutine_was::of(Mode::Plain));
        assert_eq!(run.calls, 200);
    }

    fn alternate_stack_of_any_size_is_taken(mode) {
        let mut memory = vec![0_u8; 64 * KIB];
        // SAFETY: no signal is raised. The kernel takes SP for being on it from now on.
        let error =
            unsafe { c::c_set_signal_stack(memory.as_mut_ptr().cast(), usize::MAX, 0) };
        assert_eq!((error, warm(mode), remaining_stack().is_some()), (0, 0, true));
        assert!(StackMap::current().to_string().contains("alternate signal stack"));
        core::mem::forget(memory);
    }

    fn alternate_stack_that_was_given_up_is_not_believed(mode) {
        let mut mode = mode;
        let f = gives_its_signal_stack_up::of(Mode::Plain);
        // SAFETY: the mode lives until the thread has ended.
        assert_eq!(unsafe { c::c_call_on_thread(256 * KIB, f, to_c(&mut mode)) }, 0);
    }

    fn alternate_stack_with_room_is_used(mode) {
        let mut run =
            Run::new(Stack::Large, mode, notes_its_stack::of(mode));
        run.on_thread(THREAD_BYTES, raises_once::of(Mode::Plain));
        let expected = if mode == Mode::Always { Source::System } else { Source::Signal };
        assert_eq!(NOTED.load(Relaxed), expected as usize);
    }

    fn jump_out_of_the_body_of_a_handler_leaves_its_lent_stack_armed_until_the_next_callback(mode) {
        for stack in [Stack::Alternate, Stack::Tiny, Stack::InFrame] {
            let mut run =
                Run::new(stack, mode, jumps_out_of_its_handler::of(mode));
            run.on_thread(THREAD_BYTES, is_jumped_out_of::of(Mode::Plain));
            assert_eq!(run.calls, 50);
        }
    }

    fn jump_out_of_a_handler_gives_its_stack_back_after_a_jump_out_of_an_inner_one(mode) {
        for stack in [Stack::Alternate, Stack::Tiny, Stack::InFrame] {
            NESTED.store(0, Relaxed);
            let mut run = Run::new(stack, mode, jumps_back_or_is_jumped_to::of(mode));
            run.on_thread(THREAD_BYTES, is_jumped_out_of_after_an_inner_one::of(Mode::Plain));
            assert!(stats().stacks_mapped < 32, "{:?}", stats());
        }
    }

    fn callbacks_are_warm_after_a_jump_from_a_body_into_its_handler(mode) {
        for stack in usable(&STACKS) {
            let mut run = Run::new(stack, mode, answers::of(mode));
            run.on_thread(THREAD_BYTES, jumps_within_its_handler::of(Mode::Plain));
        }
    }

    fn jump_out_of_a_handler_whose_body_was_interrupted_leaves_nothing(mode) {
        NESTED.store(0, Relaxed);
        let mut run = Run::new(Stack::Alternate, mode, is_interrupted_and_jumps::of(mode));
        run.on_thread(THREAD_BYTES, is_jumped_out_of_often::of(Mode::Plain));
        assert!(stats().stacks_mapped < 16, "{:?}", stats());
    }

    fn body_of_a_handler_keeps_its_stack_while_its_context_waits(mode) {
        for stack in usable(&[Stack::Alternate, Stack::Autodisarm]) {
            let mut run = Run::new(stack, mode, suspends_its_coroutine::of(mode));
            run.on_thread(THREAD_BYTES, leaves_its_handlers_waiting::of(Mode::Plain));
            assert_eq!(run.calls, 10);
        }
    }

    fn lent_stack_that_is_in_force_is_lent_to_nobody_else(mode) {
        let mut run = Run::new(Stack::Alternate, mode, jumps_out_of_its_handler::of(mode));
        run.on_thread(THREAD_BYTES, is_jumped_out_of_for_good::of(Mode::Plain));
    }

    fn alternate_stack_in_a_frame_stays_known_while_its_handler_runs(mode) {
        for stack in usable(&[Stack::InFrame, Stack::InFrameAutodisarm]) {
            NESTED.store(0, Relaxed);
            let mut run =
                Run::new(stack, mode, nests_or_uses_its_stack::of(mode));
            // So large that the body would stay where it is, were that taken for the thread's
            // stack.
            run.on_thread(1024 * KIB, raises_twice::of(Mode::Plain));
        }
    }

    fn body_of_a_handler_has_another_alternate_stack(mode) {
        has_other_alternate_stacks(mode);
    }

    // Beyond 1,000 several stacks are one mapping.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn body_of_a_handler_has_another_alternate_stack_where_stacks_are_many(mode) {
        let thousand_bodies = || {
            let mut memory = vec![[0_u8; 16 * KIB]; 1100];
            let mut coroutines = vec![ptr::null_mut(); 1100];
            for (coroutine, stack) in coroutines.iter_mut().zip(&mut memory) {
                let (stack, f) = (to_c(stack), pauses::of(Mode::Always));
                // SAFETY: the stack is not used for anything else.
                unsafe {
                    *coroutine = c::c_coroutine_new(stack, 16 * KIB, f, to_c(coroutine));
                    assert_eq!(c::c_coroutine_resume(*coroutine), 0);
                }
            }
            // SAFETY: suspended.
            assert!(coroutines.iter().all(|&it| unsafe { c::c_coroutine_resume(it) } == 1));
        };
        // It leaves its last stacks to the next thread.
        std::thread::spawn(thousand_bodies).join().expect("no crash");
        has_other_alternate_stacks(mode);
    }
}

fn has_other_alternate_stacks(mode: Mode) {
    for (stack, before) in [Stack::Alternate, Stack::Tiny, Stack::InFrame]
        .into_iter()
        .flat_map(|stack| [(stack, Some(warm as fn(Mode) -> c_int)), (stack, None)])
    {
        let mut run = Run {
            stack,
            mode,
            handler: has_another_signal_stack::of(mode),
            before,
            scenario: warm,
            calls: 0,
        };
        run.on_thread(THREAD_BYTES, raises_with_lent_stacks::of(Mode::Plain));
        assert_eq!(run.calls, 100);
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
        let wrong =
            (0..rounds(STORM_CALLS / 10)).map(|_| unsafe { libc::raise(libc::SIGUSR1) }).sum();
        // SAFETY: started above.
        unsafe { c::c_stop_timer(&raw mut timer) };
        wrong
    })
} }

/// Coroutines that are suspended in bodies, and the one that runs.
struct Shaken {
    mode: Mode,
    coroutines: [*mut Coroutine; 16],
    now: usize,
}

callback! { "C" fn resumes_in_turns(arg) {
    // SAFETY: the test passes it, and looks at it when this was left.
    let shaken = unsafe { &mut *arg.cast::<Shaken>() };
    set_blocked(false);
    loop {
        shaken.now = (shaken.now + 1) % shaken.coroutines.len();
        // SAFETY: the coroutine never ends.
        unsafe { c::c_coroutine_resume(shaken.coroutines[shaken.now]) };
        nested(shaken.mode);
    }
} }

callback! { "C" fn suspends_in_body_after_body(arg) {
    // SAFETY: the test passes it.
    let shaken = unsafe { &*arg.cast::<Shaken>() };
    let (mode, now) = (shaken.mode, shaken.now);
    loop {
        // The coroutine is made before its place is written.
        call(suspends_once::of(mode), shaken.coroutines[now].cast());
    }
} }

callback! { "C" fn suspends_once(arg) {
    // SAFETY: this runs in the coroutine.
    unsafe { c::c_coroutine_suspend(arg.cast()) };
    0
} }

callback! { "C" fn does_nothing(_arg) { 0 } }

fn set_blocked(is_blocked: bool) {
    // SAFETY: a set is plain data.
    unsafe {
        let mut set: libc::sigset_t = core::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR1);
        let how = if is_blocked { libc::SIG_BLOCK } else { libc::SIG_UNBLOCK };
        libc::pthread_sigmask(how, &raw const set, ptr::null_mut());
    }
}

in_both_modes! {
    fn jumps_out_of_coroutines_at_any_time_lose_no_stack(mode) {
        let mut memory = vec![[0_u8; 64 * KIB]; 16];
        let mut shaken = Shaken { mode, coroutines: [ptr::null_mut(); 16], now: 0 };
        let mut timer = ptr::null_mut();
        set_blocked(true);
        // SAFETY: the memory outlives the coroutines, of which one that was jumped out of is made
        // anew; the handler is a C function, and the timer is stopped below.
        unsafe {
            let shaken = &raw mut shaken;
            let mut begin = |at: usize| {
                (*shaken).now = at;
                let f = suspends_in_body_after_body::of(Mode::Plain);
                let stack = (&raw mut memory[at]).cast();
                (*shaken).coroutines[at] =
                    c::c_coroutine_new(stack, 64 * KIB, f, shaken.cast());
                c::c_coroutine_resume((*shaken).coroutines[at]);
            };
            (0..16).for_each(&mut begin);
            c::c_plan(does_nothing::of(Mode::Plain), ptr::null_mut());
            c::c_handle_by_jumping(libc::SIGUSR1, 0);
            assert_eq!(c::c_start_timer(libc::SIGUSR1, STORM_NANOSECONDS, &raw mut timer), 0);
            for _ in 0..rounds(10_000) {
                let f = resumes_in_turns::of(Mode::Plain);
                assert_eq!(c::c_call_jumped_by_handler(f, shaken.cast()), 1);
                c::c_coroutine_free((*shaken).coroutines[(*shaken).now]);
                begin((*shaken).now);
            }
            c::c_stop_timer(&raw mut timer);
        }
        assert!(stats().stacks_mapped < 150, "{:?}", stats());
    }

    fn storm_of_timer_signals_leaves_handlers_that_call_back_intact(mode) {
        let stack = Stack::Alternate;
        let mut run = Run::new(stack, mode, answers::of(mode));
        run.on_thread(THREAD_BYTES, raises_in_a_storm::of(Mode::Plain));
    }

    fn storm_of_timer_signals_over_millions_of_callbacks_is_weathered(mode) {
        for stack in usable(&STACKS) {
            for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
                let mut run =
                    Run::new(stack, mode, handler);
                run.on_thread(THREAD_BYTES, weathers_a_storm::of(Mode::Plain));
            }
        }
    }
}

// What a handler may not call.

/// Functions that are not async-signal-safe, and that a first use calls: the executable's own,
/// which come before the C library's.
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
    extern "C" fn pthread_getattr_np(
        thread: libc::pthread_t,
        attr: *mut libc::pthread_attr_t,
    ) -> c_int {
        not_in_a_handler("pthread_getattr_np in a handler\n");
        type Function = extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> c_int;
        // SAFETY: that is the type of the function.
        let function = unsafe {
            core::mem::transmute::<*mut c_void, Function>(next(c"pthread_getattr_np".as_ptr()))
        };
        function(thread, attr)
    }

    #[unsafe(no_mangle)]
    extern "C" fn pthread_key_create(
        key: *mut libc::pthread_key_t,
        destructor: *const c_void,
    ) -> c_int {
        not_in_a_handler("pthread_key_create in a handler\n");
        type Function = extern "C" fn(*mut libc::pthread_key_t, *const c_void) -> c_int;
        // SAFETY: that is the type of the function.
        let function = unsafe {
            core::mem::transmute::<*mut c_void, Function>(next(c"pthread_key_create".as_ptr()))
        };
        function(key, destructor)
    }
}

#[cfg(target_arch = "x86_64")]
in_both_modes! {
    fn first_callback_of_a_process_runs_in_single_steps(mode) {
        // The processor raises SIGTRAP for instructions; a process that blocks it then dies.
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call_in_steps(answers::of(mode), ptr::null_mut()) }, 0);
        // SAFETY: no preconditions.
        assert!(unsafe { c::c_plan_signals() } > 100);
    }
}
