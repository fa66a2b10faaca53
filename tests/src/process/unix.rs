//! POSIX systems.

#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
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

/// The address of the calling thread's errno.
pub fn errno_address() -> *mut core::ffi::c_int {
    // SAFETY: has no preconditions.
    unsafe {
        #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
        return libc::__error();
        #[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
        return libc::__errno_location();
    }
}

/// Whether the kernel can write at `address`, where nobody has anything. Keeps errno.
#[cfg(target_os = "linux")]
pub fn can_be_written(address: usize) -> bool {
    let zeros = std::fs::File::open("/dev/zero").expect("there");
    let errno = errno_address();
    // SAFETY: writes a byte, or says that it cannot, in errno.
    unsafe {
        let before = errno.read();
        let at = core::ptr::without_provenance_mut(address);
        let read = libc::read(zeros.as_raw_fd(), at, 1);
        errno.write(before);
        read == 1
    }
}

/// Where the mappings of the process begin.
#[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
fn starts_of_maps() -> Vec<u64> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc");
    maps.lines().filter_map(|line| u64::from_str_radix(line.split('-').next()?, 16).ok()).collect()
}

#[cfg(target_vendor = "apple")]
fn starts_of_maps() -> Vec<u64> {
    let next = |from: u64| apple::region_at(from).map(|(start, bytes)| (start, start + bytes));
    core::iter::successors(next(0), |&(_, end)| next(end)).map(|(start, _)| start).collect()
}

#[cfg(target_os = "freebsd")]
fn starts_of_maps() -> Vec<u64> {
    mappings().into_iter().map(|(start, _)| start).collect()
}

/// Where the mappings of the process begin, and how many pages of each take memory.
#[cfg(target_os = "freebsd")]
fn mappings() -> Vec<(u64, usize)> {
    let mut count = 0;
    // SAFETY: `count` is valid for writes.
    let list = unsafe { libc::kinfo_getvmmap(libc::getpid(), &raw mut count) };
    assert!(!list.is_null(), "told");
    // SAFETY: so many entries are there.
    let entries = unsafe { core::slice::from_raw_parts(list, count as usize) };
    let result = entries.iter().map(|it| (it.kve_start, it.kve_resident as usize)).collect();
    // SAFETY: made by malloc, and not used any more.
    unsafe { libc::free(list.cast()) };
    result
}

/// How many mappings the process has.
///
/// # Panics
/// Where the system does not tell.
pub fn maps() -> usize {
    starts_of_maps().len()
}

/// How many bytes of memory the process occupies.
///
/// # Panics
/// Where the system does not tell.
#[cfg(target_vendor = "apple")]
pub fn resident_bytes() -> usize {
    apple::resident_bytes().expect("told") as usize
}

/// As above.
#[cfg(target_os = "freebsd")]
pub fn resident_bytes() -> usize {
    mappings().into_iter().map(|(_, pages)| pages * 4096).sum()
}

/// As above, but for pages of files, which the kernel takes away and brings back as it likes.
#[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
pub fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let mut pages = statm.split_whitespace().map_while(|pages| pages.parse::<usize>().ok());
    let (resident, of_files) = (pages.nth(1).expect("pages"), pages.next().expect("pages"));
    resident.saturating_sub(of_files) * 4096
}

/// What Apple's systems tell of a process.
#[cfg(target_vendor = "apple")]
mod apple {
    use core::ffi::{c_int, c_void};

    const PROC_PIDREGIONINFO: c_int = 7;

    /// `struct proc_regioninfo`, as far as it is looked at.
    #[repr(C)]
    struct Region {
        other: [u64; 10],
        address: u64,
        bytes: u64,
    }

    /// Whether it was told.
    fn ask<T>(what: c_int, argument: u64, answer: &mut T) -> bool {
        let bytes = size_of::<T>() as c_int;
        // SAFETY: there is room for the answer.
        let reported = unsafe {
            libc::proc_pidinfo(
                libc::getpid(),
                what,
                argument,
                core::ptr::from_mut(answer).cast::<c_void>(),
                bytes,
            )
        };
        reported == bytes
    }

    /// Address and length of the first mapping that ends after `address`.
    pub(super) fn region_at(address: u64) -> Option<(u64, u64)> {
        let mut region = Region { other: [0; 10], address: 0, bytes: 0 };
        ask(PROC_PIDREGIONINFO, address, &mut region).then_some((region.address, region.bytes))
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        // SAFETY: all zeroes are numbers.
        let mut info: libc::proc_taskinfo = unsafe { core::mem::zeroed() };
        ask(libc::PROC_PIDTASKINFO, 0, &mut info).then_some(info.pti_resident_size)
    }
}
