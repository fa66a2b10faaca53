//! POSIX systems.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Signal and exit status of an abort.
pub(super) const ABORTED: (Option<i32>, Option<i32>) = (Some(libc::SIGABRT), None);

pub(super) fn signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

pub(super) fn core_dumped(status: ExitStatus) -> bool {
    status.core_dumped()
}

/// Runs a scenario in its process.
pub(super) fn run(scenario: impl FnOnce()) {
    scenario();
}

/// How many mappings the process has.
///
/// # Panics
/// Without /proc.
pub fn maps() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("/proc").lines().count()
}

/// Where the runtime asks for its stacks, on Linux.
#[cfg(target_pointer_width = "64")]
pub const STACK_PLACES: core::ops::Range<usize> = 32 << 30..256 << 30;
/// As above.
#[cfg(target_pointer_width = "32")]
pub const STACK_PLACES: core::ops::Range<usize> = 0x2000_0000..0x5000_0000;

/// How many mappings lie where the runtime asks for its stacks.
///
/// # Panics
/// Without /proc.
pub fn maps_of_stacks() -> usize {
    let places = STACK_PLACES.start as u64..STACK_PLACES.end as u64;
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc");
    let starts = maps.lines().filter_map(|line| u64::from_str_radix(line.split('-').next()?, 16).ok());
    starts.filter(|start| places.contains(start)).count()
}

/// How many bytes of memory the process occupies.
///
/// # Panics
/// Without /proc.
pub fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}
