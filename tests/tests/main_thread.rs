//! What needs a real main thread: backtraces that reach `main`, gdb, and the limit of the main
//! thread's stack.

// Limits of the main thread and gdb: POSIX systems. windows.rs has the backtraces.
#![cfg(unix)]

use std::ffi::OsStr;
use std::process::{Command, Output};

use tests::is_emulated;

const PROGRAM: &str = env!("CARGO_BIN_EXE_main_thread");

/// glibc for other targets is stripped: the frame of a thread's start is there, without a name. So
/// it is for programs of FreeBSD here.
const C_LIBRARY_HAS_NAMES: bool =
    cfg!(any(not(any(target_env = "gnu", target_os = "freebsd")), target_arch = "x86_64"));

/// Whether the main stack takes up a limit that was changed. On macOS and FreeBSD it stays as large
/// as it may be at the start.
const GROWS: bool = cfg!(not(any(target_vendor = "apple", target_os = "freebsd")));

const MODES: [&str; 2] = ["always", "when_low"];

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The words stand in the text, in this order.
#[track_caller]
fn stand_in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => panic!("{word} is missing after what comes before it in {words:?}:\n{text}"),
        }
    }
}

fn run(scenario: &str, mode: &str) -> String {
    let output = tests::program(PROGRAM).args([scenario, mode]).output().expect("the program");
    assert!(output.status.success(), "{scenario} {mode}: {}\n{}", output.status, text(&output));
    text(&output)
}

#[test]
fn std_backtrace_crosses_the_switch() {
    for mode in MODES {
        let trace = run("backtrace", mode);
        let body = format!("shows_its_backtrace::{mode}");
        stand_in_order(
            &trace,
            &["switched: true", &body, "c_call_with_left", "far_down", "main", "start"],
        );
    }
}

#[test]
fn std_backtrace_crosses_a_switch_upwards() {
    for mode in MODES {
        let trace = run("backtrace_below", mode);
        let body = format!("shows_its_backtrace::{mode}");
        let last = match C_LIBRARY_HAS_NAMES {
            true if tests::is_in_loader(
                "starts threads by a function without tables that macOS knows",
            ) =>
            {
                ""
            }
            true => "start",
            // Nor has it tables on 32-bit Arm: the walk ends before.
            false if cfg!(target_arch = "arm") => "",
            false => "<unknown>",
        };
        stand_in_order(&trace, &["switched: true", &body, "run\n", last]);
    }
}

fn gdb(scenario: &str, mode: &str) -> Option<String> {
    if is_emulated("is what gdb would show") || tests::is_in_loader("starts what gdb cannot read") {
        return None;
    }
    if Command::new("gdb").arg("--version").output().is_err() {
        println!("skipped: gdb is not installed");
        return None;
    }
    let output = Command::new("gdb")
        .args([
            "-nx",
            "-batch",
            "-ex",
            "set debuginfod enabled off",
            "-ex",
            "break c_breakpoint",
            "-ex",
            "run",
        ])
        .args(["-ex", "bt", "-ex", "kill", "--args", PROGRAM, scenario, mode])
        .output()
        .expect("gdb");
    let reported = text(&output);
    assert!(
        !reported.contains("previous frame inner") && !reported.contains("corrupt stack"),
        "{reported}"
    );
    Some(reported)
}

#[test]
fn gdb_crosses_the_switch() {
    for mode in MODES {
        let Some(reported) = gdb("breakpoint", mode) else { return };
        let body = format!("stops::{mode}");
        stand_in_order(&reported, &["c_breakpoint", &body, "c_call_with_left", "far_down", "main"]);
    }
}

#[test]
fn gdb_crosses_a_switch_upwards() {
    for mode in MODES {
        let Some(reported) = gdb("breakpoint_below", mode) else { return };
        let body = format!("stops::{mode}");
        let last = if C_LIBRARY_HAS_NAMES { "start" } else { "?? () from" };
        stand_in_order(&reported, &["c_breakpoint", &body, " run (", last]);
    }
}

#[test]
fn thread_on_a_part_of_the_main_stack_is_told_from_the_main_thread() {
    for mode in MODES {
        stand_in_order(&run("thread_in_a_frame", mode), &["switched: true, 128 KiB: true"]);
    }
}

/// The loader is run with the program as its argument, and the environment takes 1.2 MiB of the
/// stack.
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
#[test]
fn main_thread_below_a_large_environment_has_no_more_than_its_limit_where_the_loader_is_run() {
    const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";
    let text_of_100_kib = "x".repeat(100 << 10);
    for mode in MODES {
        let mut loader = Command::new(LOADER);
        loader.envs((0..12).map(|i| (format!("LARGE_{i}"), &text_of_100_kib)));
        let output = loader.args([PROGRAM, "bounds", mode]).output().expect("the loader");
        stand_in_order(&text(&output), &["within the limit: true"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn thread_that_runs_on_a_part_of_the_main_stack_has_its_own_bounds() {
    for mode in MODES {
        stand_in_order(&run("main_stack_on_another_thread", mode), &["as told: true"]);
    }
}

#[test]
fn limit_lowered_at_run_time_leaves_room() {
    if is_emulated("does not lower the limit of the stack") {
        return;
    }
    for mode in MODES {
        stand_in_order(&run("lowered", mode), &["switched: true, 128 KiB: true"]);
        // Other systems take what is in use away as well.
        if cfg!(target_os = "linux") {
            let text = run("lowered_to_nothing", mode);
            stand_in_order(&text, &["switched: true, 128 KiB: true"]);
        }
    }
}

#[test]
fn prepare_thread_takes_up_a_changed_limit() {
    if is_emulated("does not change the limit of the stack") {
        return;
    }
    if !GROWS {
        println!("skipped: the stack of this system's main thread stays as large as it was");
        return;
    }
    for mode in MODES {
        let script = "ulimit -S -s 8192 || exit 77; exec \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script, "sh", PROGRAM, "prepared", mode])
            .output()
            .expect("sh");
        if output.status.code() == Some(77) {
            println!("skipped: the hard limit is below 8192");
            return;
        }
        assert!(output.status.success(), "{mode}: {}\n{}", output.status, text(&output));
        let mut expected = Vec::new();
        for bounds in
            ["bounds: 8192 KiB", "bounds: 16384 KiB", "bounds: 4096 KiB", "bounds: 12288 KiB"]
        {
            expected.extend([bounds, "MainThread", "switched: true, 128 KiB: true"]);
        }
        stand_in_order(&text(&output), &expected);
    }
}

/// /proc gone, as in a chroot without it: an empty file system lies over it, in a mount namespace
/// of the child's own.
#[test]
fn main_thread_has_bounds_without_proc() {
    if is_emulated("reads /proc for itself") || !cfg!(target_os = "linux") {
        return;
    }
    for (mode, limit, words) in [
        ("always", "8192", ["bounds: 8192 KiB", "MainThread", "switched: true, 128 KiB: true"]),
        ("when_low", "8192", ["bounds: 8192 KiB", "MainThread", "switched: true, 128 KiB: true"]),
        // What the kernel keeps free whatever the limit.
        (
            "when_low",
            "unlimited",
            ["bounds: 122880 KiB", "MainThread", "switched: false, 128 KiB: true"],
        ),
    ] {
        let script = format!(
            "mount -t tmpfs none /proc && ! test -e /proc/self || exit 77; \
             ulimit -S -s {limit}; exec \"$@\""
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script, "sh", PROGRAM, "near_the_end", mode]);
        match command.output() {
            Ok(output) if output.status.success() => {
                stand_in_order(&text(&output), &words);
            }
            Ok(output)
                if text(&output).contains("unshare failed") || output.status.code() == Some(77) =>
            {
                println!("skipped: no mount namespace is to be had: {}", text(&output));
            }
            Ok(output) => panic!("{mode}: {}\n{}", output.status, text(&output)),
            Err(error) => println!("skipped: unshare: {error}"),
        }
    }
}

fn words(command: &Command) -> impl Iterator<Item = &OsStr> {
    core::iter::once(command.get_program()).chain(command.get_args())
}

/// Starts the scenario with another limit; `None` where the hard limit forbids it.
fn run_with_limit(limit: &str, scenario: &str, mode: &str) -> Option<String> {
    let script = format!("ulimit -S -s {limit} || exit 77; exec \"$@\" {scenario} {mode}");
    let output = Command::new("sh")
        .args(["-c", &script, "sh"])
        .args(words(&tests::program(PROGRAM)))
        .output()
        .expect("sh");
    if output.status.code() == Some(77) {
        println!("skipped: the hard limit is below {limit}");
        return None;
    }
    assert!(output.status.success(), "limit {limit}, {mode}: {}\n{}", output.status, text(&output));
    Some(text(&output))
}

#[test]
fn main_thread_has_what_its_limit_really_gives() {
    // An emulator gives the main thread 8 MiB or the limit at once, and knows no stack that grows.
    let is_large = |limit| matches!(limit, "unlimited" | "100000000" | "1048576");
    let reported = |kib| format!("bounds: {} KiB, MainThread", tests::main_thread_kib(kib));
    let limits = [
        ("unlimited", "more than 100 MiB"),
        ("100000000", "more than 100 MiB"),
        ("1048576", "bounds: 1048576 KiB, MainThread\nmore than 100 MiB"),
        ("65536", &reported(65536)),
        ("8192", &reported(8192)),
        ("8189", &reported(8189)),
        ("256", &reported(256)),
    ];
    for mode in MODES {
        for (limit, bounds) in limits {
            let grows =
                GROWS && !is_emulated("gives the main thread no stack that grows without a limit");
            if is_large(limit) && !grows {
                continue;
            }
            let Some(reported) = run_with_limit(limit, "near_the_end", mode) else { continue };
            let words = match (is_large(limit), mode) {
                (true, "when_low") => [bounds, "switched: false, 128 KiB: true"],
                _ => [bounds, "switched: true, 128 KiB: true"],
            };
            stand_in_order(&reported, &words);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn limit_that_a_sandbox_keeps_secret_is_taken_for_the_usual_one() {
    if is_emulated("has no filters for system calls") {
        return;
    }
    for mode in MODES {
        let Some(reported) = run_with_limit("8192", "near_the_end_untold", mode) else { continue };
        stand_in_order(&reported, &["bounds: 8192 KiB, MainThread", "switched: true"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn main_stack_ends_above_what_is_mapped_below_it() {
    if is_emulated("gives the main thread no stack that grows without a limit") {
        return;
    }
    for mode in MODES {
        let Some(reported) = run_with_limit("unlimited", "in_the_way", mode) else { return };
        // 30 MiB without the page and the kernel's gap of 1 MiB.
        stand_in_order(
            &reported,
            &["bounds: 29692 KiB, MainThread", "switched: true, 128 KiB: true"],
        );
    }
}
