//! Callbacks from signal handlers: on an alternate stack or not, while idle, while a body runs, at every instruction.

// Signals.
#![cfg(unix)]
#![cfg(target_os = "linux")]

use core::ffi::{c_int, c_void};
use core::ptr;

use guarded_callback::{on_system_stack, remaining_stack, stats};
use tests::{CCallback, LITTLE, Mode, c, callback, in_both_modes, to_c};

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
}

const STACKS: [Stack; 4] = [Stack::Interrupted, Stack::Alternate, Stack::Tiny, Stack::Autodisarm];

impl Stack {
    fn bytes(self) -> usize {
        match self {
            Self::Interrupted => 0,
            Self::Alternate | Self::Autodisarm => 64 * KIB,
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
    before: fn(Mode) -> c_int,
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
        let before = (self.before)(self.mode);
        // SAFETY: a callback that does not use its argument.
        unsafe { c::c_plan(self.handler, ptr::null_mut()) };
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

callback! { "C" [stack = 8 << 20] fn answers_on_a_further_stack(_arg) { c_int::from(!on_system_stack()) } }

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

fn nothing(_mode: Mode) -> c_int {
    0
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

callback! { "C-unwind" fn runs(arg) {
    // SAFETY: the test passes the pair.
    let (scenario, mode) = unsafe { *arg.cast::<(fn(Mode) -> c_int, Mode)>() };
    scenario(mode)
} }

/// On processors that can raise a signal after each instruction.
#[cfg(target_arch = "x86_64")]
mod stepped {
    use super::*;

    callback! { "C-unwind" fn steps(arg) {
        // SAFETY: `step` passes it.
        let run = unsafe { &mut *arg.cast::<Run>() };
        let mut scenario = (run.scenario, run.mode);
        run.prepared(|run| {
            // SAFETY: the handler is a C function, and `runs` expects the pair.
            unsafe {
                c::c_step(run.stack.flags());
                c::c_call_stepped(runs::of(Mode::Plain), to_c(&mut scenario))
            }
        })
    } }

    /// Runs the scenario with a callback from a handler after each instruction, for each kind of stack.
    pub(super) fn step(mode: Mode, before: fn(Mode) -> c_int, scenario: fn(Mode) -> c_int) {
        for stack in STACKS {
            for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
                let mut run = Run { stack, mode, handler, before, scenario, calls: 0 };
                run.on_thread(96 * KIB, steps::of(Mode::Plain));
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
in_both_modes! {
    fn handler_at_an_instruction_of_the_warm_way_fails(mode) { stepped::step(mode, warm, warm); }

    fn handler_at_an_instruction_of_the_first_use_fails(mode) { stepped::step(mode, nothing, warm); }

    fn handler_at_an_instruction_of_a_nested_callback_fails(mode) { stepped::step(mode, warm, nested); }

    fn handler_at_an_instruction_of_the_cold_path_fails(mode) { stepped::step(mode, warm, nested_on_a_further_stack); }
}
