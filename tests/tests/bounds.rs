//! Proof that the guard is right: every byte that it calls usable is, and the next one is not.
//!
//! The stack is walked down page by page to the computed low end without a fault, and, in a process of its own, below it with one.

use core::ffi::c_int;
use core::ptr;
use std::process::Output;

use guarded_callback::{Source, StackBounds, remaining_stack};
use tests::{
    BELOW_THE_STACK, Mode, alone, c, callback, in_both_modes, is_emulated, program, run_child, use_stack, walk_down,
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

callback! { "C" [stack = "1100 KiB"] fn works_with_1_mib(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 1100 * KIB) {
        return -1;
    }
    use_stack(1024 * KIB)
} }

/// Sizes of threads that C makes; zero is what the C library makes of its own accord (128 KiB with musl, 8 MiB with glibc).
const SIZES: [usize; 4] = [0, 64 * KIB, 256 * KIB, 1024 * KIB];

fn on_thread(stack_bytes: usize, f: tests::CCallback) -> c_int {
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call_on_thread(stack_bytes, f, ptr::null_mut()) }
}

alone! {
    fn lowest_byte_of_a_c_thread_is_not_usable() {
        for size in SIZES {
            assert_eq!(on_thread(size, walks_to_the_end::of(Mode::Plain)), 0, "{size} bytes");
        }
    }

    fn lowest_byte_of_a_rust_thread_is_not_usable() {
        let thread = std::thread::Builder::new().stack_size(256 * KIB);
        let walk = || walks_to_the_end::plain(ptr::null_mut());
        assert_eq!(thread.spawn(walk).expect("a thread").join().expect("its end"), 0);
    }
}

in_both_modes! {
    fn body_of_1_mib_on_a_thread_of_usual_size_overflows(mode) {
        for _ in 0..10 {
            assert_eq!(on_thread(0, works_with_1_mib::of(mode)), 0);
        }
    }
}

#[test]
fn byte_below_a_c_thread_is_usable() {
    let name = "byte_below_a_c_thread_is_usable";
    for size in SIZES {
        let scenario = || {
            on_thread(size, walks_below_the_end::of(Mode::Plain));
        };
        let Some(death) = run_child(name, &format!("{name} {size}"), |_| (), scenario) else { continue };
        assert!(is_fault(death.signal, death.code), "{size} bytes: {}", death.told());
    }
}

/// Whether a process has died of an access to memory that is none: by SIGSEGV, SIGBUS, or SIGABRT after std's report of it; with
/// STATUS_STACK_OVERFLOW or STATUS_ACCESS_VIOLATION on Windows.
fn is_fault(signal: Option<i32>, code: Option<i32>) -> bool {
    const STACK_OVERFLOW: i32 = 0xc000_00fd_u32 as i32;
    const ACCESS_VIOLATION: i32 = 0xc000_0005_u32 as i32;
    match signal {
        Some(signal) => matches!(signal, 6 | 7 | 10 | 11),
        None => matches!(code, Some(STACK_OVERFLOW | ACCESS_VIOLATION)),
    }
}

/// Limits of the main thread's stack in KiB: the usual one, a small one, and one that is no multiple of a page. Windows has none.
const LIMITS: &[Option<&str>] = if cfg!(unix) { &[None, Some("1024"), Some("4093")] } else { &[None] };

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
fn lowest_byte_of_the_main_thread_is_not_usable() {
    for &limit in LIMITS {
        let output = on_main_thread("walk", "plain", limit);
        assert!(output.status.success() && text(&output).contains("came to the end"), "limit {limit:?}: {output:?}");
    }
}

#[test]
fn byte_below_the_main_thread_is_usable() {
    let limits = if is_emulated("gives the main thread at least 8 MiB") { &LIMITS[..1] } else { LIMITS };
    // On Windows 2 MiB are all that a main thread has.
    let grown = cfg!(unix).then_some((None, "walk_below_grown"));
    for (limit, scenario) in limits.iter().map(|&limit| (limit, "walk_below")).chain(grown) {
        let output = on_main_thread(scenario, "plain", limit);
        assert!(has_died_of_a_fault(&output), "limit {limit:?}, {scenario}: {output:?}");
        assert!(text(&output).contains("bounds: ") && !text(&output).contains("came to the end"), "{output:?}");
    }
}

/// musl tells of the main thread what it has at the moment.
#[cfg(unix)]
#[test]
fn main_stack_is_taken_to_be_as_large_as_it_has_grown() {
    let told = |kib: usize| format!("bounds: {} KiB", tests::main_thread_kib(kib));
    let limits = [(None, "bounds: ".to_owned()), (Some("6144"), told(6144)), (Some("unlimited"), told(8192))];
    for (limit, bounds) in &limits[..LIMITS.len()] {
        for mode in ["always", "when_low"] {
            let output = on_main_thread("near_the_end_grown", mode, *limit);
            let told = text(&output);
            assert!(output.status.success(), "limit {limit:?}, {mode}: {output:?}");
            assert!(
                told.contains(bounds.as_str()) && told.contains("switched: true, 128 KiB: true"),
                "{limit:?}: {told}"
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
