//! Proof that the guard is right: every byte that it calls usable is, and the next one is not.
//!
//! The stack is walked down page by page to the computed low end without a fault, and, in a process
//! of its own, below it with one.

use core::ffi::c_int;
use core::ptr;
use std::process::Output;

use guarded_callback::{Source, StackBounds, remaining_stack};
use tests::{
    BELOW_THE_STACK, Mode, alone, c, callback, in_both_modes, is_emulated, program, run_child,
    use_stack, walk_down,
};

const KIB: usize = 1024;

const PROGRAM: &str = env!("CARGO_BIN_EXE_main_thread");

callback! { "C" fn walks_to_the_end(_arg) {
    let bounds = StackBounds::current().expect("known");
    assert_eq!(bounds.source(), Source::Thread);
    // SAFETY: no signal handler runs on this stack.
    unsafe { walk_down(bounds.low()) };
    0
} }

callback! { "C" fn walks_below_the_end(_arg) {
    let bounds = StackBounds::current().expect("known");
    // SAFETY: as above; the test expects this to be the end.
    unsafe { walk_down(bounds.low() - BELOW_THE_STACK) };
    0
} }

callback! { "C" [reserve = "1100 KiB"] fn works_with_1_mib(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 1100 * KIB) {
        return -1;
    }
    use_stack(1024 * KIB)
} }

/// Sizes of threads that C makes; zero is what the C library makes of its own accord (128 KiB with
/// musl, 8 MiB with glibc).
const SIZES: [usize; 4] = [0, 64 * KIB, 256 * KIB, 1024 * KIB];

fn on_thread(stack_bytes: usize, f: tests::CCallback) -> c_int {
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call_on_thread(stack_bytes, f, ptr::null_mut()) }
}

alone! {
    fn lowest_byte_of_a_c_thread_is_usable() {
        for size in SIZES {
            assert_eq!(on_thread(size, walks_to_the_end::of(Mode::Plain)), 0, "{size} bytes");
        }
    }

    fn lowest_byte_of_a_rust_thread_is_usable() {
        let thread = std::thread::Builder::new().stack_size(256 * KIB);
        let walk = || walks_to_the_end::plain(ptr::null_mut());
        assert_eq!(thread.spawn(walk).expect("a thread").join().expect("its end"), 0);
    }
}

in_both_modes! {
    fn body_of_1_mib_on_a_thread_of_usual_size_has_room(mode) {
        for _ in 0..10 {
            assert_eq!(on_thread(0, works_with_1_mib::of(mode)), 0);
        }
    }
}

// Compared with what the C library says, which is exact for threads.

#[cfg(target_os = "linux")]
callback! { "C" fn has_told_bounds(_arg) { if tests::bounds_are_as_told() { 0 } else { 1 } } }

#[cfg(target_os = "linux")]
const USUAL_GUARD: usize = usize::MAX;
#[cfg(target_os = "linux")]
const NO_SUCH_THREAD: c_int = -3000;

#[cfg(target_os = "linux")]
/// Whether such a thread can be made; then its bounds are right.
fn is_right(
    base: *mut core::ffi::c_void,
    stack_bytes: usize,
    guard_bytes: usize,
    mode: Mode,
) -> bool {
    let f = has_told_bounds::of(mode);
    // SAFETY: `base` is null or memory of that size, which nobody else uses; the body does not use
    // its argument.
    let result =
        unsafe { c::c_call_on_thread_with(base, stack_bytes, guard_bytes, f, ptr::null_mut()) };
    assert!(matches!(result, 0 | NO_SUCH_THREAD), "{stack_bytes} with {guard_bytes} at {base:?}");
    result == 0
}

#[cfg(target_os = "linux")]
fn least_bytes() -> usize {
    // SAFETY: no preconditions.
    let least = usize::try_from(unsafe { libc::sysconf(libc::_SC_THREAD_STACK_MIN) });
    // The 2 KiB of musl are too few for what an unoptimised caller does.
    least.expect("a size").max(16 * KIB)
}

in_both_modes! {
    #[cfg(target_os = "linux")]
    fn threads_of_all_sizes_and_guards_have_exact_bounds(mode) {
        let sizes = [least_bytes(), 128 * KIB + 1000, 256 * KIB, 512 * KIB, 4096 * KIB];
        let mut made = 0;
        // Twice, so that blocks of ended threads are used again, by threads of other sizes as well.
        for _ in 0..2 {
            for size in sizes {
                for guard in [USUAL_GUARD, 0, 4 * KIB, 64 * KIB, 1024 * KIB] {
                    made += usize::from(is_right(ptr::null_mut(), size, guard, mode));
                }
            }
        }
        assert!(made >= 40, "{made}");
    }

    #[cfg(target_os = "linux")]
    fn thread_on_memory_of_the_program_has_exact_bounds(mode) {
        // At no page's beginning: what malloc returned.
        let mut memory = vec![0_u8; 1024 * KIB];
        for offset in [24, 512 * KIB] {
            // SAFETY: inside of the memory.
            let base: *mut core::ffi::c_void = unsafe { memory.as_mut_ptr().add(offset) }.cast();
            assert!(is_right(base, 256 * KIB - 1000, USUAL_GUARD, mode));
            assert!(is_right(base, 300_000, 64 * KIB, mode));
        }
        let page = memory.as_ptr().align_offset(4 * KIB);
        assert!(is_right(memory[page..].as_mut_ptr().cast(), 256 * KIB, USUAL_GUARD, mode));
        // Again, now that the place in the descriptor is known.
        assert!(is_right(memory[24..].as_mut_ptr().cast(), 300_000, USUAL_GUARD, mode));
    }

    #[cfg(target_os = "linux")]
    fn child_forked_by_a_thread_has_the_bounds_of_that_thread(mode) {
        let f = has_told_bounds::of(mode);
        let child = std::thread::spawn(move || {
            // SAFETY: the child makes one callback and ends.
            match unsafe { libc::fork() } {
                // SAFETY: the body does not use its argument.
                0 => unsafe { libc::_exit(c::c_call(f, ptr::null_mut())) },
                child => child,
            }
        });
        let (child, mut status) = (child.join().expect("its end"), -1);
        // SAFETY: `status` can be written.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
    }
}

#[cfg(target_os = "linux")]
callback! { "C" fn has_left_its_stack(_arg) { c_int::from(guarded_callback::on_system_stack()) } }

/// With a signal blocked the C library is not asked, as this may be a handler.
#[cfg(target_os = "linux")]
#[test]
fn first_body_of_a_process_stays_on_memory_of_the_program_whatever_is_blocked() {
    let name = "first_body_of_a_process_stays_on_memory_of_the_program_whatever_is_blocked";
    let scenario = || {
        let mut memory = vec![0_u8; 1024 * KIB];
        let base = memory[24..].as_mut_ptr().cast();
        let f = has_left_its_stack::of(Mode::WhenLow);
        // SAFETY: a mask is plain data; the thread has the memory, and its body no argument.
        unsafe {
            let mut all = core::mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, ptr::null_mut());
            assert_eq!(
                c::c_call_on_thread_with(base, 512 * KIB, USUAL_GUARD, f, ptr::null_mut()),
                0
            );
        }
    };
    if let Some(end) = run_child(name, name, |_| (), scenario) {
        assert_eq!(end.code, Some(0), "{}", end.transcript());
    }
}

#[test]
fn byte_below_a_c_thread_is_not_usable() {
    let name = "byte_below_a_c_thread_is_not_usable";
    for size in SIZES {
        let scenario = || {
            on_thread(size, walks_below_the_end::of(Mode::Plain));
        };
        let Some(death) = run_child(name, &format!("{name} {size}"), |_| (), scenario) else {
            continue;
        };
        assert!(is_fault(death.signal, death.code), "{size} bytes: {}", death.transcript());
    }
}

/// Whether a process has died of an access to memory that is none: by SIGSEGV, SIGBUS, or SIGABRT
/// after std's report of it; with STATUS_STACK_OVERFLOW or STATUS_ACCESS_VIOLATION on Windows.
fn is_fault(signal: Option<i32>, code: Option<i32>) -> bool {
    const STACK_OVERFLOW: i32 = 0xc000_00fd_u32 as i32;
    const ACCESS_VIOLATION: i32 = 0xc000_0005_u32 as i32;
    match signal {
        Some(signal) => matches!(signal, 6 | 7 | 10 | 11),
        None => matches!(code, Some(STACK_OVERFLOW | ACCESS_VIOLATION)),
    }
}

/// Limits of the main thread's stack in KiB: the usual one, a small one, and one that is no
/// multiple of a page. Windows has none.
const LIMITS: &[Option<&str>] =
    if cfg!(unix) { &[None, Some("1024"), Some("4093")] } else { &[None] };

/// Runs a scenario on the main thread of a process.
fn on_main_thread(scenario: &str, mode: &str, limit: Option<&str>) -> Output {
    let mut command = program(PROGRAM);
    if let Some(limit) = limit {
        let script = format!("ulimit -S -s {limit} && exec \"$0\" \"$@\"");
        let direct = std::mem::replace(&mut command, std::process::Command::new("sh"));
        command.args(["-c", &script]).arg(direct.get_program()).args(direct.get_args());
    }
    command.args([scenario, mode]).output().expect("the program")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn lowest_byte_of_the_main_thread_is_usable() {
    for &limit in LIMITS {
        let output = on_main_thread("walk", "plain", limit);
        assert!(
            output.status.success() && text(&output).contains("came to the end"),
            "limit {limit:?}: {output:?}"
        );
    }
}

#[test]
fn byte_below_the_main_thread_is_not_usable() {
    let limits =
        if is_emulated("gives the main thread at least 8 MiB") { &LIMITS[..1] } else { LIMITS };
    // On Windows 2 MiB are all that a main thread has.
    let grown = cfg!(unix).then_some((None, "walk_below_grown"));
    for (limit, scenario) in limits.iter().map(|&limit| (limit, "walk_below")).chain(grown) {
        let output = on_main_thread(scenario, "plain", limit);
        assert!(has_died_of_a_fault(&output), "limit {limit:?}, {scenario}: {output:?}");
        assert!(
            text(&output).contains("bounds: ") && !text(&output).contains("came to the end"),
            "{output:?}"
        );
    }
}

/// musl tells of the main thread what it has at the moment.
#[cfg(unix)]
#[test]
fn main_stack_is_taken_to_be_as_large_as_it_may_grow() {
    let limited = format!("bounds: {} KiB", tests::main_thread_kib(6144));
    for (limit, bounds) in [(None, "bounds: "), (Some("6144"), &limited)] {
        for mode in ["always", "when_low"] {
            let output = on_main_thread("near_the_end_grown", mode, limit);
            let reported = text(&output);
            assert!(output.status.success(), "limit {limit:?}, {mode}: {output:?}");
            assert!(
                reported.contains(bounds) && reported.contains("switched: true, 128 KiB: true"),
                "{limit:?}: {reported}"
            );
        }
    }
}

#[cfg(unix)]
fn has_died_of_a_fault(output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt;
    is_fault(output.status.signal(), output.status.code())
}

#[cfg(not(unix))]
fn has_died_of_a_fault(output: &Output) -> bool {
    is_fault(None, output.status.code())
}
