//! Cancellation of threads inside of bodies: C's cleanup handlers and Rust's destructors run, and
//! the stacks come back.
// musl ends a cancelled thread without unwinding.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use guarded_callback::{Options, call_guarded, guarded_callback, on_system_stack, stats};
use tests::{CCallback, CountDrop, Mode, c, callback, in_both_modes, to_c, use_stack};

const KIB: usize = 1024;

static DROPS: AtomicUsize = AtomicUsize::new(0);
static SWITCHED: AtomicUsize = AtomicUsize::new(0);

fn enter_body() -> CountDrop {
    SWITCHED.fetch_add(usize::from(on_system_stack()), Relaxed);
    CountDrop(&DROPS)
}

callback! { "C-unwind" fn is_cancelled_at_a_cancellation_point(_arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    // SAFETY: the thread is C's and the frames up to its start can be unwound.
    unsafe { c::c_wait_to_be_cancelled() };
    0
} }

callback! { "C-unwind" fn is_cancelled_asynchronously(_arg) {
    let _local = enter_body();
    use_stack(64 * KIB);
    // SAFETY: as above; while the thread can be cancelled anywhere it runs C code only.
    unsafe { c::c_spin_to_be_cancelled() };
    0
} }

callback! { "C-unwind" fn passes_on(arg) {
    let _local = enter_body();
    // SAFETY: the test passes the address of a callback that does not use its argument.
    unsafe { c::c_call(CCallback(arg), ptr::null_mut()) }
} }

callback! { "C-unwind" [reserve = 9 << 20] fn passes_on_from_a_further_stack(arg) {
    let _local = enter_body();
    // SAFETY: the test passes a pair of a callback and its argument.
    let (f, arg) = unsafe { *arg.cast::<(CCallback, *mut c_void)>() };
    // SAFETY: as above.
    unsafe { c::c_call(f, arg) }
} }

/// Calls back when it is dropped, which is while the thread is unwound.
struct CallsBack(Mode);

impl Drop for CallsBack {
    fn drop(&mut self) {
        // SAFETY: the body does not use its argument.
        let result = unsafe { c::c_call(works::of(self.0), ptr::null_mut()) };
        GOOD.fetch_add(usize::from(result == 0), Relaxed);
    }
}

static GOOD: AtomicUsize = AtomicUsize::new(0);

callback! { "C" fn works(_arg) { use_stack(100 * KIB) } }

callback! { "C-unwind" fn is_cancelled_with_a_caller(arg) {
    // SAFETY: the test passes the mode.
    let _local = CallsBack(unsafe { *arg.cast::<Mode>() });
    // SAFETY: as in the others.
    unsafe { c::c_wait_to_be_cancelled() };
    0
} }

// Unmaps the stacks of coroutines that are suspended in bodies, and needs further stacks.
callback! { "C" fn loses_its_coroutines(arg) {
    const BYTES: usize = 64 * KIB;
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let mut wrong = 0;
    for _ in 0..8 {
        // SAFETY: the memory is new; the coroutine does not go on once that is unmapped.
        unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let memory = libc::mmap(ptr::null_mut(), BYTES, protection, flags, -1, 0);
            let mut job = (ptr::null_mut(), mode);
            let f = suspends_itself::of(mode);
            job.0 = c::c_coroutine_new(memory, BYTES, f, to_c(&mut job));
            wrong += c::c_coroutine_resume(job.0);
            c::c_coroutine_free(job.0);
            libc::munmap(memory, BYTES);
            wrong += c::c_call(nests_once::of(mode), works::of(mode).0.cast_mut());
        }
    }
    wrong
} }

callback! { "C" fn suspends_itself(arg) {
    // SAFETY: `loses_its_coroutines` passes the coroutine that this runs in.
    unsafe { c::c_coroutine_suspend(arg.cast::<*mut c::Coroutine>().read()) };
    0
} }

callback! { "C" [reserve = 9 << 20] fn nests_once(arg) {
    // SAFETY: the address of a callback that does not use its argument.
    unsafe { c::c_call(CCallback(arg), ptr::null_mut()) }
} }

/// Cancels a thread in `f`, 100 times, and expects the cleanup handlers below the body and above it
/// to run.
fn cancelled(f: CCallback, arg: *mut c_void, bodies: usize) {
    for round in 1..=100 {
        // SAFETY: the caller passes what the body expects.
        let cleaned = unsafe { c::c_call_cancelled(64 * KIB, f, arg) };
        assert_eq!(cleaned, 2, "of the two cleanup handlers of C");
        assert_eq!((DROPS.load(Relaxed), SWITCHED.load(Relaxed)), (bodies * round, bodies * round));
    }
    let stats = stats();
    assert_eq!(
        stats.stacks_mapped - stats.stacks_unmapped,
        stats.stacks_pooled,
        "stacks were lost: {stats:?}"
    );
    assert!(stats.stacks_mapped <= bodies + 1, "stacks were not used again: {stats:?}");
}

in_both_modes! {
    fn callback_is_no_cancellation_point(mode) {
        let mut mode = mode;
        let f = loses_its_coroutines::of(Mode::Plain);
        for _ in 0..10 {
            // SAFETY: the mode lives until the thread has ended.
            let result =
                unsafe { c::c_call_with_cancellation_pending(64 * KIB, f, to_c(&mut mode)) };
            assert_eq!(result, 1);
        }
    }

    fn cancellation_in_a_body_runs_destructors(mode) {
        cancelled(is_cancelled_at_a_cancellation_point::of(mode), ptr::null_mut(), 1);
    }

    fn asynchronous_cancellation_in_a_body_runs_destructors(mode) {
        cancelled(is_cancelled_asynchronously::of(mode), ptr::null_mut(), 1);
    }

    fn cancellation_crosses_two_bodies(mode) {
        cancelled(
            passes_on::of(mode),
            is_cancelled_at_a_cancellation_point::of(mode).0.cast_mut(),
            2,
        );
    }

    fn cancellation_crosses_two_switches(mode) {
        let mut inner =
            (passes_on::of(mode), is_cancelled_at_a_cancellation_point::of(mode).0.cast_mut());
        cancelled(passes_on_from_a_further_stack::of(mode), to_c(&mut inner), 3);
    }

    fn callback_from_a_destructor_of_a_cancelled_body_works(mode) {
        let mut mode = mode;
        for round in 1..=100 {
            // SAFETY: the body expects the mode.
            let cleaned = unsafe {
                c::c_call_cancelled(64 * KIB, is_cancelled_with_a_caller::of(mode), to_c(&mut mode))
            };
            assert_eq!((cleaned, GOOD.load(Relaxed)), (2, round));
        }
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }
}

/// As C declares them: without the pads that a call of "C-unwind" has. A function with other calls
/// that may unwind has a table in which these are missing, which ends the process, also without the
/// attribute.
///
/// What other bodies call as "C-unwind" is called through a pointer here: of a name that is
/// declared twice the compiler may believe either declaration, and leave out the pads of the
/// others.
mod direct {
    use super::{CCallback, c};
    use core::ffi::{c_int, c_void};

    unsafe extern "C" {
        pub(super) static c_ended_on_own_stack: c_int;
        pub(super) fn c_exit_thread_here() -> !;
    }

    type Wait = unsafe extern "C" fn();
    type Call = unsafe extern "C" fn(CCallback, *mut c_void) -> c_int;

    #[inline(always)]
    pub(super) fn wait() -> Wait {
        // SAFETY: a function of that type, but for what is said of unwinding.
        unsafe { core::mem::transmute(c::c_wait_to_be_cancelled as *const c_void) }
    }

    #[inline(always)]
    pub(super) fn call() -> Call {
        // SAFETY: as above.
        unsafe { core::mem::transmute(c::c_call as *const c_void) }
    }
}

callback! { "C" fn exits_from_c(_arg) {
    // SAFETY: the thread is C's and the frames up to its start can be unwound.
    unsafe { direct::c_exit_thread_here() }
} }

callback! { "C" fn is_cancelled_in_c(_arg) {
    // SAFETY: as above.
    unsafe { direct::wait()() };
    0
} }

callback! { "C" [reserve = 9 << 20] fn is_cancelled_in_c_on_a_further_stack(_arg) {
    // SAFETY: as above.
    unsafe { direct::wait()() };
    0
} }

callback! { "C" fn calls_in_c(arg) {
    // A call of a function in its place would give this one a table.
    const NOTHING: *mut c_void = ptr::null_mut();
    // SAFETY: the test passes the address of a callback that does not use its argument.
    unsafe { direct::call()(CCallback(arg), NOTHING) }
} }

/// Its reserve is known where it is instantiated.
#[guarded_callback(reserve = BYTES)]
extern "C" fn exits_with_a_generic_reserve<const BYTES: usize>(_arg: *mut c_void) -> c_int {
    // SAFETY: as above.
    unsafe { direct::c_exit_thread_here() }
}

/// Guards its closure by hand.
extern "C" fn exits_from_a_closure(_arg: *mut c_void) -> c_int {
    static OPTIONS: Options = Options::new("exits_from_a_closure");
    // SAFETY: as above.
    call_guarded(&OPTIONS, || unsafe { direct::c_exit_thread_here() })
}

/// Whether the last thread has ended on another stack than its own.
fn has_switched() -> bool {
    // SAFETY: the thread that has written it is gone.
    unsafe { direct::c_ended_on_own_stack == 0 }
}

/// The sizes of threads on which bodies stay and switch, and whether they do. `always` switches on
/// both.
const THREADS: [(usize, bool); 2] = [(1024 * KIB, false), (64 * KIB, true)];

tests::alone! {
    fn pthread_exit_in_a_c_body_ends_the_thread_as_without_the_attribute() {
        for mode in [Mode::Plain, Mode::WhenLow, Mode::Always] {
            for (bytes, is_small) in THREADS {
                let switches = mode == Mode::Always || (mode == Mode::WhenLow && is_small);
                for _ in 0..50 {
                    // SAFETY: the body does not use its argument.
                    let result = unsafe {
                        c::c_call_on_thread(bytes, exits_from_c::of(mode), ptr::null_mut())
                    };
                    assert_eq!((result, has_switched()), (-3001, switches), "{mode:?} {bytes}");
                    // Warm: the thread has called back before.
                    let f = exits_from_c::of(mode).0.cast_mut();
                    // SAFETY: the body expects the address of a callback.
                    let result = unsafe { c::c_call_on_thread(bytes, calls_in_c::of(mode), f) };
                    assert_eq!(result, -3001, "{mode:?} {bytes}");
                }
            }
        }
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn pthread_exit_ends_the_thread_in_bodies_that_no_type_describes() {
        type Exits = extern "C" fn(*mut c_void) -> c_int;
        let all: [Exits; 2] = [exits_with_a_generic_reserve::<{ 16 * KIB }>, exits_from_a_closure];
        for f in all {
            for (bytes, _) in THREADS {
                let f = f as *mut c_void;
                // Warm: the thread has called back before.
                // SAFETY: the body expects the address of a callback.
                let result =
                    unsafe { c::c_call_on_thread(bytes, calls_in_c::of(Mode::WhenLow), f) };
                assert_eq!(result, -3001, "{bytes}");
            }
        }
    }

    fn cancellation_in_a_c_body_ends_the_thread_as_without_the_attribute() {
        for mode in [Mode::Plain, Mode::WhenLow, Mode::Always] {
            for (bytes, is_small) in THREADS {
                let switches = mode == Mode::Always || (mode == Mode::WhenLow && is_small);
                for _ in 0..50 {
                    // SAFETY: the body does not use its argument.
                    let cleaned = unsafe {
                        c::c_call_cancelled(bytes, is_cancelled_in_c::of(mode), ptr::null_mut())
                    };
                    assert_eq!((cleaned, has_switched()), (2, switches), "{mode:?} {bytes}");
                    for inner in [
                        is_cancelled_in_c::of(mode),
                        is_cancelled_in_c_on_a_further_stack::of(mode),
                    ] {
                        // SAFETY: the body expects the address of a callback.
                        let cleaned = unsafe {
                            c::c_call_cancelled(bytes, calls_in_c::of(mode), inner.0.cast_mut())
                        };
                        assert_eq!(cleaned, 2, "{mode:?} {bytes}");
                    }
                }
            }
        }
        assert!(stats().stacks_mapped <= 3, "{:?}", stats());
    }
}
