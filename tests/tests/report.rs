//! The report at the end of the process: feature `stats`.
#![cfg(feature = "stats")]

use core::ffi::c_int;
use std::process::{Command, Output};

use guarded_callback::{Settings, guarded_callback};
use tests::{CCallback, c, use_stack};

const KIB: usize = 1024;

#[guarded_callback(switch = always, reserve = "64 KiB")]
extern "C" fn uses_more(_arg: *mut core::ffi::c_void) -> c_int {
    use_stack(200 * KIB)
}

#[guarded_callback(switch = always, reserve = "128 KiB")]
extern "C" fn uses_half(_arg: *mut core::ffi::c_void) -> c_int {
    use_stack(90 * KIB)
}

#[guarded_callback(switch = always, reserve = "4 MiB")]
extern "C" fn uses_less(_arg: *mut core::ffi::c_void) -> c_int {
    use_stack(20 * KIB)
}

#[guarded_callback]
extern "C" fn stays(_arg: *mut core::ffi::c_void) -> c_int {
    0
}

#[guarded_callback(switch = never, fallback = -7, reserve = "1024 MiB")]
extern "C" fn is_refused(_arg: *mut core::ffi::c_void) -> c_int {
    0
}

/// What the child does: not a test of its own.
fn callbacks_are_called() {
    let all: [extern "C" fn(*mut core::ffi::c_void) -> c_int; 7] =
        [uses_more, uses_half, uses_less, stays, stays, stays, is_refused];
    for f in all {
        // SAFETY: the bodies do not use their argument.
        unsafe { c::c_call(CCallback(f as *const _), core::ptr::null_mut()) };
    }
}

const CHILD: &str = "REPORT_CHILD";

/// Runs the test `name` again as a process with the variable.
fn run(name: &str, variable: Option<&str>) -> (Output, String) {
    let mut child = Command::new(std::env::current_exe().expect("this program has a path"));
    child
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .env_remove("GUARDED_CALLBACK_REPORT");
    if let Some(value) = variable {
        child.env("GUARDED_CALLBACK_REPORT", value);
    }
    let output = child.output().expect("this program can be started again");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, words)
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[test]
fn report_that_the_environment_asks_for_is_printed() {
    const NAME: &str = "report_that_the_environment_asks_for_is_printed";
    if is_child() {
        return callbacks_are_called();
    }
    let (output, words) = run(NAME, Some("1"));
    assert!(output.status.success(), "{words}");
    let line =
        |name: &str| words.lines().position(|line| line.ends_with(&format!("`report::{name}`")));
    let at = |name: &str| line(name).unwrap_or_else(|| panic!("no {name} in {words}"));
    assert_eq!(words.lines().nth(at("stays")).unwrap().split_whitespace().next(), Some("3"));
    assert!(
        ["uses_more", "uses_less", "is_refused"].iter().all(|name| at("stays") < at(name)),
        "not by calls: {words}"
    );
    let advice = |name: &str| words.lines().nth(at(name) + 1).unwrap_or_default().trim().to_owned();
    assert!(
        advice("uses_more").starts_with("used more than it asked for: reserve = \"4"),
        "{words}"
    );
    let half = "used more than half of what it asked for: reserve = \"192 KiB\"";
    assert!(advice("uses_half") == half || cfg!(debug_assertions), "{words}");
    assert_eq!(
        advice("uses_less"),
        "asked for more than it needs: reserve = \"128 KiB\"",
        "{words}"
    );
    assert!(advice("is_refused").starts_with("could not run each time"), "{words}");
    assert!(
        words.trim_end().ends_with("rounded up to 64 KiB, and at least the default of 128 KiB"),
        "{words}"
    );
}

#[test]
fn report_that_nobody_asks_for_is_not_printed() {
    const NAME: &str = "report_that_nobody_asks_for_is_not_printed";
    if is_child() {
        return callbacks_are_called();
    }
    for variable in [None, Some("0")] {
        let (output, words) = run(NAME, variable);
        assert!(output.status.success() && !words.contains("have done"), "{words}");
    }
}

#[test]
fn wrong_value_of_the_variable_is_reported_once_and_ignored() {
    const NAME: &str = "wrong_value_of_the_variable_is_reported_once_and_ignored";
    if is_child() {
        return callbacks_are_called();
    }
    for value in ["", "yes", "10", "2", "true"] {
        let (output, words) = run(NAME, Some(value));
        assert!(output.status.success(), "{value:?}: {words}");
        let line = "guarded-callback: GUARDED_CALLBACK_REPORT must be 0 or 1; it is ignored";
        assert_eq!(words.matches(line).count(), 1, "{value:?}: {words}");
        assert!(!words.contains("have done"), "{value:?} was taken: {words}");
    }
}

#[test]
fn settings_ask_for_the_report_and_the_environment_has_the_last_word() {
    const NAME: &str = "settings_ask_for_the_report_and_the_environment_has_the_last_word";
    if is_child() {
        Settings::new().report_at_exit(true).apply().expect("nothing was called yet");
        return callbacks_are_called();
    }
    assert!(run(NAME, None).1.contains("have done"));
    assert!(!run(NAME, Some("0")).1.contains("have done"));
}
