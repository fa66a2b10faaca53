//! The warm way: no system call, no allocation.

use core::cell::Cell;
#[cfg(target_os = "linux")]
use core::ptr;
use std::alloc::{GlobalAlloc, Layout, System};

use guarded_callback::stats;
use tests::{CCallback, c, callback, in_both_modes, rounds};
#[cfg(target_os = "linux")]
use tests::{Mode, is_emulated, run_child};

/// Counts what goes through it.
struct Counting;

thread_local! {
    /// Of this thread alone: the test harness works on another meanwhile.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn allocations() -> usize {
    ALLOCATIONS.get()
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

callback! { "C" fn counts(arg) {
    // SAFETY: the tests pass a number.
    unsafe { *arg.cast::<u64>() += 1 };
    0
} }

callback! { "C" [fallback = -1] fn counts_with_fallback(arg) {
    // SAFETY: the tests pass a number.
    unsafe { *arg.cast::<u64>() += 1 };
    0
} }

fn call_often(f: CCallback, calls: usize) {
    let mut count = 0_u64;
    for _ in 0..calls {
        // SAFETY: the body expects the number.
        unsafe { c::c_call(f, (&raw mut count).cast()) };
    }
    assert_eq!(count, calls as u64);
}

in_both_modes! {
    fn warm_callback_allocates_nothing_and_takes_no_slow_path(mode) {
        for f in [counts::of(mode), counts_with_fallback::of(mode)] {
            let mut count = 0_u64;
            // SAFETY: the body expects the number.
            unsafe { c::c_call(f, (&raw mut count).cast()) };
            // The first look makes the counter itself where the standard library allocates
            // thread-locals.
            allocations();
            let calls = rounds(1_000_000);
            let before = (allocations(), stats());
            call_often(f, calls);
            assert_eq!((allocations(), stats()), before);
        }
    }

    fn first_callback_of_a_program_allocates_nothing(mode) {
        let before = allocations();
        let mut count = 0_u64;
        // SAFETY: the body expects the number.
        unsafe { c::c_call(counts::of(mode), (&raw mut count).cast()) };
        assert_eq!(allocations(), before);
    }
}

/// Asks for the parent's number, which nobody else does: a mark in the list of system calls. strace
/// is for Linux.
#[cfg(target_os = "linux")]
fn mark() {
    // SAFETY: has no preconditions.
    unsafe { libc::syscall(libc::SYS_getppid) };
}

/// Runs `scenario`, which marks twice, and expects that its thread makes only these system calls in
/// between.
#[cfg(target_os = "linux")]
fn makes_system_calls(test: &str, tag: &str, expected: &[&str], scenario: impl FnOnce()) {
    if is_emulated("makes system calls of its own") {
        return;
    }
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let list = std::env::temp_dir().join(format!(
        "{}-{}.strace",
        tag.replace(' ', "-"),
        std::process::id()
    ));
    let traced = |command: &mut std::process::Command| {
        let program = command.get_program().to_owned();
        *command = std::process::Command::new("strace");
        command.args(["-f", "-o"]).arg(&list).arg("--").arg(program);
    };
    let Some(death) = run_child(test, tag, traced, scenario) else { return };
    assert_eq!(death.code, Some(0), "{}", death.transcript());
    let calls = std::fs::read_to_string(&list).expect("strace wrote it");
    // Of the thread that made the marks; that of the test harness waits meanwhile, and may say so
    // in between.
    let thread = calls
        .lines()
        .find(|line| line.contains("getppid("))
        .and_then(|line| line.split(' ').next());
    // A line says "resumed" when it is the second half of one that another thread came between.
    let is_own = |line: &&str| line.split(' ').next() == thread && !line.contains(" resumed>");
    let own: Vec<&str> = calls.lines().filter(is_own).collect();
    let marks: Vec<usize> =
        (0..own.len()).filter(|&number| own[number].contains("getppid(")).collect();
    assert_eq!(marks.len(), 2, "{calls}");
    let between = &own[marks[0] + 1..marks[1]];
    assert!(between.len() == expected.len(), "{between:?}");
    assert!(between.iter().zip(expected).all(|(call, name)| call.contains(name)), "{between:?}");
    std::fs::remove_file(&list).expect("ours");
}

#[cfg(target_os = "linux")]
#[test]
fn warm_callback_makes_no_system_call() {
    let test = "warm_callback_makes_no_system_call";
    for mode in [Mode::Always, Mode::WhenLow] {
        makes_system_calls(test, &format!("{test} {mode:?}"), &[], || {
            let mut count = 0_u64;
            // SAFETY: the body expects the number.
            unsafe { c::c_call(counts::of(mode), ptr::from_mut(&mut count).cast()) };
            mark();
            call_often(counts::of(mode), 1_000_000);
            mark();
        });
    }
}

/// It blocks signals while it asks for the alternate signal stack. glibc tells by its memory alone
/// whose stack the thread has; elsewhere two more tell whether the thread is the main one.
#[cfg(target_os = "linux")]
#[test]
fn first_callback_of_a_thread_with_a_stack_in_the_pool_makes_few_system_calls() {
    callback! { "C" fn calls_between_marks(arg) {
        mark();
        // SAFETY: passed on.
        let result = unsafe { c::c_call(counts::of(Mode::Always), arg) };
        mark();
        result
    } }
    let test = "first_callback_of_a_thread_with_a_stack_in_the_pool_makes_few_system_calls";
    let mut expected = vec!["rt_sigprocmask(", "sigaltstack(", "rt_sigprocmask("];
    if cfg!(not(target_env = "gnu")) {
        expected.splice(2..2, ["gettid(", "getpid("]);
    }
    makes_system_calls(test, test, &expected, || {
        let mut count = 0_u64;
        for f in [counts::of(Mode::Always), calls_between_marks::of(Mode::Plain)] {
            let arg = ptr::from_mut(&mut count).cast();
            // SAFETY: the body expects the number.
            assert_eq!(unsafe { c::c_call_on_thread(256 * 1024, f, arg) }, 0);
        }
        assert_eq!(count, 2);
    });
}
