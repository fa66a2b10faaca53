//! Handlers that call back meanwhile, by a timer of each thread, on stacks of every kind.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use guarded_callback::prepare_thread;
use tests::{Mode, c, is_emulated, no_signal_stack};

use super::model::{Machine, THREADS};
use super::{KIB, broken, responds, with};

const SIGNAL_STACK_BYTES: usize = 64 * KIB;

#[repr(C, align(64))]
struct SignalStack(UnsafeCell<[u8; SIGNAL_STACK_BYTES]>);

// SAFETY: only the kernel writes there, and handlers.
unsafe impl Sync for SignalStack {}

static SIGNAL_STACKS: [SignalStack; THREADS] =
    [const { SignalStack(UnsafeCell::new([0; SIGNAL_STACK_BYTES])) }; THREADS];

/// The timer of each thread.
static TIMERS: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];

/// A timer begins to send signals to the thread, whose handler calls back. On which stack: the one
/// that is interrupted, one that the runtime is told of or not, that disarms itself or not,
/// elsewhere or in the frame of the thread, at `in_frame`.
#[unsafe(no_mangle)]
extern "C" fn machine_signals_begin(thread: c_int, in_frame: *mut c_void) {
    const NANOSECONDS: core::ffi::c_long = 1_000_000;
    if !with(|machine| machine.plan.signals) {
        return;
    }
    let thread = thread as usize;
    let kind = with(Machine::threads_begun) % 7;
    let memory = if kind < 4 { SIGNAL_STACKS[thread].0.get().cast() } else { in_frame };
    let disarms_itself = matches!(kind, 3 | 5) && !is_emulated("knows no SS_AUTODISARM");
    let mode = if kind % 2 == 0 { Mode::Always } else { Mode::WhenLow };
    let mut timer = core::ptr::null_mut();
    // SAFETY: the memory is there until the signals end, and the handler calls nothing but the
    // callback.
    unsafe {
        if kind != 0 {
            assert_eq!(
                c::c_set_signal_stack(memory, SIGNAL_STACK_BYTES, c_int::from(disarms_itself)),
                0
            );
        }
        if matches!(kind, 1 | 4 | 5) {
            prepare_thread();
        }
        c::c_plan(responds::of(mode), core::ptr::null_mut());
        c::c_handle(libc::SIGUSR1, libc::SA_ONSTACK | libc::SA_RESTART);
        assert_eq!(c::c_start_timer(libc::SIGUSR1, NANOSECONDS, &raw mut timer), 0);
    }
    TIMERS[thread].store(timer.expose_provenance() + 1, Relaxed);
}

#[unsafe(no_mangle)]
extern "C" fn machine_signals_end(thread: c_int) {
    let timer = TIMERS[thread as usize].swap(0, Relaxed);
    if timer == 0 {
        return;
    }
    let mut timer = core::ptr::with_exposed_provenance_mut(timer - 1);
    // SAFETY: started on this thread; SP is not on the alternate stack.
    let wrong = unsafe {
        c::c_stop_timer(&raw mut timer);
        no_signal_stack();
        c::c_plan_wrong()
    };
    if wrong != 0 {
        broken(&format!("{wrong} callbacks from handlers have failed"));
    }
}
