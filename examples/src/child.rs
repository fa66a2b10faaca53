//! Runs a story in a process of its own and tells how that went.

use core::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// No story takes a second; one that takes this long has hung.
const LONGEST: Duration = Duration::from_secs(20);

/// How a child ended.
pub(crate) struct Outcome {
    pub(crate) survived: bool,
    /// What it wrote to standard error.
    pub(crate) errors: String,
    /// One line for the tour.
    line: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// Starts this program again with `arguments` and waits for its end.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    watch(arguments).unwrap_or_else(|error| Outcome {
        survived: false,
        errors: String::new(),
        line: format!("could not be run: {error}"),
    })
}

fn watch(arguments: &[&str]) -> io::Result<Outcome> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let status = wait(&mut child)?;
    // A story prints much less than a pipe holds, so that nothing blocks when it is read only now.
    let printed = drain(child.stdout.take())?;
    let errors = drain(child.stderr.take())?;
    let survived = status.is_some_and(|status| status.success());
    let line = match status {
        None => format!("hung, killed after {} s", LONGEST.as_secs()),
        Some(_) if survived => after_name(&printed),
        Some(status) => death(status),
    };
    Ok(Outcome { survived, errors, line })
}

/// The child's status, or nothing when it had to be killed because it hung.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < LONGEST {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        sleep(Duration::from_millis(2));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn drain(pipe: Option<impl Read>) -> io::Result<String> {
    let mut text = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// `ok, 1000 readings` of a story that printed `worker: 1000 readings`.
fn after_name(printed: &str) -> String {
    let reported =
        printed.trim_end().split_once(": ").map_or("it printed nothing", |(_, reported)| reported);
    if reported.starts_with("not on this target") {
        reported.to_owned()
    } else {
        format!("ok, {reported}")
    }
}

#[cfg(unix)]
fn death(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    const NAMES: [(i32, &str); 5] = [
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGTRAP, "SIGTRAP"),
    ];
    let Some(signal) = status.signal() else {
        return status.to_string();
    };
    match NAMES.iter().find(|(number, _)| *number == signal) {
        Some((_, name)) => format!("killed by {name}"),
        None => format!("killed by signal {signal}"),
    }
}

#[cfg(not(unix))]
fn death(status: ExitStatus) -> String {
    format!("died: {status}")
}

/// Called by a child that may be about to die, which is no accident to keep a core file of.
#[cfg(unix)]
pub(crate) fn leave_no_core_file() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a local that lives through the call. A failure means a core file,
    // no more.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}

/// Only Unix writes core files into the working directory.
#[cfg(not(unix))]
pub(crate) fn leave_no_core_file() {}
