//! What needs a real main thread: backtraces that reach `main`, gdb, and the limit of the main thread's stack.

// Limits of the main thread and gdb: POSIX systems. windows.rs has the backtraces.
#![cfg(unix)]

use std::ffi::OsStr;
use std::process::{Command, Output};

use tests::is_emulated;

const PROGRAM: &str = env!("CARGO_BIN_EXE_main_thread");

/// glibc for other targets is stripped: the frame of a thread's start is there, without a name.
const C_LIBRARY_HAS_NAMES: bool = cfg!(not(all(target_env = "gnu", not(target_arch = "x86_64"))));

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
fn std_backtrace_stops_at_the_switch() {
    for mode in MODES {
        let trace = run("backtrace", mode);
        let body = format!("shows_its_backtrace::{mode}");
        stand_in_order(
            &trace,
            &["switched: true", &body, "c_call_with_left", "far_down", "main_thread::main", "start"],
        );
    }
}

#[test]
fn std_backtrace_stops_at_a_switch_upwards() {
    for mode in MODES {
        let trace = run("backtrace_below", mode);
        let body = format!("shows_its_backtrace::{mode}");
        let last = match C_LIBRARY_HAS_NAMES {
            true if tests::is_in_loader("starts threads by a function without tables that macOS knows") => "",
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
        .args(["-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "break c_breakpoint", "-ex", "run"])
        .args(["-ex", "bt", "-ex", "kill", "--args", PROGRAM, scenario, mode])
        .output()
        .expect("gdb");
    let told = text(&output);
    assert!(!told.contains("previous frame inner") && !told.contains("corrupt stack"), "{told}");
    Some(told)
}

#[test]
fn gdb_stops_at_the_switch() {
    for mode in MODES {
        let Some(told) = gdb("breakpoint", mode) else { return };
        let body = format!("stops::{mode}");
        stand_in_order(&told, &["c_breakpoint", &body, "c_call_with_left", "far_down", "main_thread::main"]);
    }
}

#[test]
fn gdb_stops_at_a_switch_upwards() {
    for mode in MODES {
        let Some(told) = gdb("breakpoint_below", mode) else { return };
        let body = format!("stops::{mode}");
        let last = if C_LIBRARY_HAS_NAMES { "start" } else { "?? () from" };
        stand_in_order(&told, &["c_breakpoint", &body, " run (", last]);
    }
}

#[test]
fn thread_on_a_part_of_the_main_stack_is_taken_for_the_main_thread() {
    for mode in MODES {
        stand_in_order(&run("thread_in_a_frame", mode), &["switched: true, 128 KiB: true"]);
    }
}

#[test]
fn limit_lowered_at_run_time_is_not_seen() {
    if is_emulated("does not lower the limit of the stack") {
        return;
    }
    for mode in MODES {
        stand_in_order(&run("lowered", mode), &["switched: true, 128 KiB: true"]);
    }
}

#[test]
fn prepare_thread_takes_up_no_changed_limit() {
    if is_emulated("does not change the limit of the stack") {
        return;
    }
    if cfg!(target_vendor = "apple") {
        println!("skipped: the stack of macOS' main thread stays as large as it was");
        return;
    }
    for mode in MODES {
        let script = "ulimit -S -s 8192 || exit 77; exec \"$@\"";
        let output = Command::new("sh").args(["-c", script, "sh", PROGRAM, "prepared", mode]).output().expect("sh");
        if output.status.code() == Some(77) {
            println!("skipped: the hard limit is below 8192");
            return;
        }
        assert!(output.status.success(), "{mode}: {}\n{}", output.status, text(&output));
        let mut expected = Vec::new();
        for bounds in ["bounds: 8192 KiB", "bounds: 16384 KiB", "bounds: 4096 KiB", "bounds: 12288 KiB"] {
            expected.extend([bounds, "MainThread", "switched: true, 128 KiB: true"]);
        }
        stand_in_order(&text(&output), &expected);
    }
}

/// /proc gone, as in a chroot without it: an empty file system lies over it, in a mount namespace of the child's own.
#[test]
fn missing_proc_leaves_the_main_thread_without_bounds() {
    if is_emulated("reads /proc for itself") || !cfg!(target_os = "linux") {
        return;
    }
    let script = "mount -t tmpfs none /proc && ! test -e /proc/self || exit 77; ulimit -S -s 8192; exec \"$@\"";
    for mode in MODES {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script, "sh", PROGRAM, "near_the_end", mode]);
        match command.output() {
            Ok(output) if output.status.success() => {
                let words = ["bounds: 8192 KiB", "MainThread", "switched: true, 128 KiB: true"];
                stand_in_order(&text(&output), &words);
            }
            Ok(output) if text(&output).contains("unshare failed") || output.status.code() == Some(77) => {
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
fn run_with_limit(limit: &str, mode: &str) -> Option<String> {
    let script = format!("ulimit -S -s {limit} || exit 77; exec \"$@\" near_the_end {mode}");
    let output =
        Command::new("sh").args(["-c", &script, "sh"]).args(words(&tests::program(PROGRAM))).output().expect("sh");
    if output.status.code() == Some(77) {
        println!("skipped: the hard limit is below {limit}");
        return None;
    }
    assert!(output.status.success(), "limit {limit}, {mode}: {}\n{}", output.status, text(&output));
    Some(text(&output))
}

#[test]
fn limit_of_the_main_thread_is_trusted_too_much_or_too_little() {
    let limits =
        [("unlimited", 8192), ("100000000", 8192), ("65536", 65536), ("8192", 8192), ("8189", 8189), ("256", 256)];
    for mode in MODES {
        for (limit, kib) in limits {
            if limit == "100000000" && is_emulated("cannot start threads of its own with stacks of that size") {
                continue;
            }
            let Some(told) = run_with_limit(limit, mode) else { continue };
            let bounds = format!("bounds: {} KiB", tests::main_thread_kib(kib));
            stand_in_order(&told, &[&bounds, "MainThread", "switched: true, 128 KiB: true"]);
        }
    }
}
