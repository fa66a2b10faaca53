//! Scenarios in processes of their own, and what a process looks like from outside.

use std::ffi::OsStr;
use std::process::{Command, Output};

#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;

#[cfg(target_os = "linux")]
pub use system::can_be_written;
#[cfg(unix)]
pub use system::errno_address;
#[cfg(windows)]
pub use system::{allocation, committed_bytes, fill_below, is_mapped};
pub use system::{maps, resident_bytes};

/// Names the scenario that a child is to run.
const CHILD: &str = "GUARDED_CALLBACK_CHILD";

/// The command, in words, that programs of this target are started through (.ci/cross sets it).
const RUNNER: &str = "GUARDED_CALLBACK_RUNNER";

/// Set where programs run in the loader of .ci/darwin: `native`, or `emulated` where that is
/// emulated itself.
const LOADER: &str = "GUARDED_CALLBACK_LOADER";

/// Set where all runs in an emulator that needs no runner for what the tests start: Wine in qemu.
const EMULATED: &str = "GUARDED_CALLBACK_EMULATED";

/// How a child ended.
#[derive(Debug)]
pub struct Death {
    /// The signal, if one ended it.
    pub signal: Option<i32>,
    /// The exit status, if it exited.
    pub code: Option<i32>,
    /// Whether a core was dumped, or would have been.
    pub core: bool,
    /// What it wrote to standard error.
    pub stderr: String,
    /// What it wrote to standard output, without the test harness's own lines.
    pub stdout: String,
}

/// Runs `scenario` in a child process and expects it to end well.
///
/// # Panics
/// When it does not.
pub fn isolated(test: &str, scenario: impl FnOnce()) {
    if let Some(death) = run_child(test, test, |_| (), scenario) {
        assert!(death.code == Some(0), "the scenario died: {}", death.transcript());
    }
}

/// Runs `scenario` in a child process, which is this test (named `test`) again, told `tag`. In the
/// parent `prepare` may change how the child is started. The child exits with 0 when the scenario
/// returns. `None` in a child that was told another tag, for tests with several children: it goes
/// on until it comes to its own.
///
/// # Panics
/// When no child can be started.
pub fn run_child(
    test: &str,
    tag: &str,
    prepare: impl FnOnce(&mut Command),
    scenario: impl FnOnce(),
) -> Option<Death> {
    match std::env::var(CHILD) {
        Ok(reported) if reported == tag => {
            system::run(scenario);
            std::process::exit(0);
        }
        // In another scenario of the same test.
        Ok(_) => None,
        Err(_) => {
            let mut command = program(std::env::current_exe().expect("the path of this test"));
            command.env("RUST_BACKTRACE", "0");
            prepare(&mut command);
            command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, tag);
            Some(death(command.output().expect("a child process")))
        }
    }
}

/// The command that starts a program of this target: by itself, or through an emulator that cargo
/// starts the tests through as well.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let Ok(runner) = std::env::var(RUNNER) else { return Command::new(path) };
    let mut words = runner.split_whitespace();
    let mut command = Command::new(words.next().expect("a runner"));
    command.args(words).arg(path);
    command
}

/// The loader of macOS programs needs a runner, too, and on x86_64 emulates nothing.
fn has_emulator() -> bool {
    let is_native = std::env::var(LOADER).is_ok_and(|kind| kind == "native");
    let has_runner = std::env::var_os(RUNNER).is_some() && !is_native;
    has_runner || std::env::var_os(EMULATED).is_some()
}

/// Whether this process runs in an emulator of user programs. Tests of what no emulator does say so
/// and pass.
pub fn is_emulated(what: &str) -> bool {
    let is_emulated = has_emulator();
    if is_emulated {
        println!("skipped: an emulator {what}");
    }
    is_emulated
}

/// Whether memory that is unmapped counts as mapped, so that it has to be overwritten instead to
/// prove that what lay there is dead. qemu keeps all addresses of a 32-bit program for it, and lets
/// the kernel answer msync(2), which finds them mapped (7.2; the same with plain C).
pub fn is_unmapping_untold() -> bool {
    cfg!(target_pointer_width = "32")
        && is_emulated("keeps the addresses that a 32-bit program unmaps")
}

/// Whether this process runs in the loader of macOS programs (.ci/darwin). Tests of what it does
/// not do say so and pass.
pub fn is_in_loader(what: &str) -> bool {
    let is_in_loader = std::env::var_os(LOADER).is_some();
    if is_in_loader {
        println!("skipped: the loader {what}");
    }
    is_in_loader
}

/// How often a test does what it does many times: `count`, and less in an emulator, where each time
/// takes fifty times as long, and on Windows, which is Wine here.
pub fn rounds(count: usize) -> usize {
    if has_emulator() || cfg!(windows) { (count / 50).max(20) } else { count }
}

impl Death {
    /// Whether it ended as `std::process::abort` ends a process.
    pub fn is_abort(&self) -> bool {
        (self.signal, self.code) == system::ABORTED
    }

    /// Everything, for people.
    pub fn transcript(&self) -> String {
        format!("signal {:?}, code {:?}\n{}\n{}", self.signal, self.code, self.stdout, self.stderr)
    }
}

fn death(output: Output) -> Death {
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!stdout.contains("running 0 tests"), "no test of that name in the child");
    Death {
        signal: system::signal(output.status),
        code: output.status.code(),
        core: system::core_dumped(output.status),
        stderr: without_the_emulator(&String::from_utf8_lossy(&output.stderr)),
        stdout: stdout
            .lines()
            .filter(|line| !line.starts_with("running "))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

/// Without the line that qemu writes when a signal ends the program.
fn without_the_emulator(stderr: &str) -> String {
    stderr
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("qemu: uncaught target signal"))
        .collect()
}

/// A message without what differs from run to run: addresses, numbers of threads and processes.
pub fn normalised(text: &str) -> String {
    let mut result = String::new();
    let mut in_number = false;
    for character in text.chars() {
        let digit = character.is_ascii_digit()
            || (in_number && (character == 'x' || character.is_ascii_hexdigit()));
        if !digit {
            result.push(character);
        } else if !in_number {
            result.push('#');
        }
        in_number = digit;
    }
    result
}

/// The recursion behind `use_stack`.
#[inline(never)]
pub fn descend(start: usize, bytes: usize) -> i32 {
    let mut page = [0_u8; 1024];
    core::hint::black_box(&mut page).fill(start as u8);
    let here = page.as_ptr().addr();
    let below = if start - here < bytes { descend(start, bytes) } else { 0 };
    // Compared with a shifted self by memcmp: all bytes are equal, and the first is right. A loop
    // would take a debug build minutes.
    let page = core::hint::black_box(&page);
    below + i32::from(page[0] != start as u8 || page[1..] != page[..page.len() - 1])
}
