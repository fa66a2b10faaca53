//! A library of a Go program: calls back into Go, makes threads that do, and handles SIGPROF.

use std::ffi::{c_int, c_long, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use modes::callback;
use support::{assert_stack_of_mode, on_c_thread, on_host_stack, spend};

type Callback = unsafe extern "C" fn(c_int) -> c_int;

unsafe extern "C" {
    fn sigaction(signal: c_int, new: *const Action, old: *mut Action) -> c_int;
    fn setitimer(which: c_int, new: *const [c_long; 4], old: *mut [c_long; 4]) -> c_int;
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn host_work(n: c_int) -> c_int {
    assert_stack_of_mode();
    (spend::<40_000>(i64::from(n)) % 1000) as c_int
}

/// Calls Go, from the stack that Go knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_call(f: Callback, n: c_int) -> c_int {
    assert_stack_of_mode();
    // SAFETY: a function that Go exports.
    on_host_stack(|| unsafe { f(n) })
}

struct Job {
    f: Callback,
    n: c_int,
}

/// The thread's function: calls Go.
#[callback]
unsafe extern "C" fn thread(job: *mut c_void) -> *mut c_void {
    assert_stack_of_mode();
    // SAFETY: the job of `on_thread`, which waits.
    let job = unsafe { &*job.cast::<Job>() };
    spend::<20_000>(1);
    // SAFETY: a function that Go exports.
    (on_host_stack(|| unsafe { (job.f)(job.n) })) as isize as *mut c_void
}

/// The same with 100 KiB of stack, more than a thread of 64 KiB has; Go is not called.
#[callback(reserve = "128 KiB")]
unsafe extern "C" fn large_thread(job: *mut c_void) -> *mut c_void {
    // SAFETY: the job of `on_thread`, which waits.
    let n = unsafe { (*job.cast::<Job>()).n };
    (spend::<100_000>(i64::from(n)) % 1000) as *mut c_void
}

unsafe fn on_thread(
    f: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    mut job: Job,
    bytes: usize,
) -> c_int {
    // SAFETY: the function takes a job, which outlives the thread.
    (unsafe { on_c_thread(bytes, f, (&raw mut job).cast()) }) as isize as c_int
}

/// Runs a thread of C's that calls Go.
#[unsafe(no_mangle)]
unsafe extern "C" fn host_thread(f: Callback, n: c_int) -> c_int {
    // SAFETY: passed on.
    unsafe { on_thread(thread, Job { f, n }, 256 * 1024) }
}

/// Runs a thread of 64 KiB whose body uses 100 KiB.
#[unsafe(no_mangle)]
unsafe extern "C" fn host_large_thread(f: Callback, n: c_int) -> c_int {
    // SAFETY: passed on.
    unsafe { on_thread(large_thread, Job { f, n }, 64 * 1024) }
}

/// struct sigaction of 64-bit Linux, glibc.
#[repr(C)]
struct Action {
    handler: unsafe extern "C" fn(c_int),
    mask: [u64; 16],
    flags: c_int,
    restorer: usize,
}
const SIGPROF: c_int = 27;
const SA_ONSTACK: c_int = 0x0800_0000;
const SA_RESTART: c_int = 0x1000_0000;

static SAMPLES: AtomicUsize = AtomicUsize::new(0);

/// A profiler's handler. Go gave its threads alternate stacks of 32 KiB.
///
/// Long enough to be interrupted by SIGURG, with which Go preempts.
#[callback]
unsafe extern "C" fn sample(_signal: c_int) {
    for n in 0..100 {
        spend::<2_000>(n);
    }
    SAMPLES.fetch_add(1, Relaxed);
}

/// The same with 60 KiB, more than the alternate stack has.
#[callback]
unsafe extern "C" fn large_sample(_signal: c_int) {
    for n in 0..10 {
        spend::<60_000>(n);
    }
    SAMPLES.fetch_add(1, Relaxed);
}

/// Calls `sample` or `large_sample` each millisecond of processor time.
#[unsafe(no_mangle)]
extern "C" fn host_profile(large: c_int) {
    let handler = if large != 0 { large_sample } else { sample };
    let action = Action { handler, mask: [0; 16], flags: SA_ONSTACK | SA_RESTART, restorer: 0 };
    // SAFETY: a handler for that signal, and a timer that sends it.
    unsafe {
        sigaction(SIGPROF, &action, null_mut());
        setitimer(2, &[0, 1000, 0, 1000], null_mut());
    }
}

/// How many samples were taken.
#[unsafe(no_mangle)]
extern "C" fn host_samples() -> usize {
    SAMPLES.load(Relaxed)
}
