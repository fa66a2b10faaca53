//! Windows.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;
use std::process::ExitStatus;

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_FREE, MEM_PRIVATE, MEM_RELEASE, MEM_RESERVE, MEMORY_BASIC_INFORMATION,
    PAGE_READWRITE, VirtualAlloc, VirtualFree, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// STATUS_STACK_BUFFER_OVERRUN, which is that of every `__fastfail`.
pub(super) const ABORTED: (Option<i32>, Option<i32>) = (None, Some(0xC000_0409_u32.cast_signed()));

pub(super) fn signal(_status: ExitStatus) -> Option<i32> {
    None
}

pub(super) fn core_dumped(_status: ExitStatus) -> bool {
    false
}

/// Runs a scenario in its process: on a thread whose stack has free addresses below it, as every
/// stack of a 64-bit process has on Windows. Wine puts the main thread's at the bottom of the
/// address space.
pub(super) fn run(scenario: impl FnOnce()) {
    const HOLE_BYTES: usize = if cfg!(target_pointer_width = "64") { 256 << 20 } else { 64 << 20 };
    struct Sent<T>(T);
    // SAFETY: the thread that made it waits until the other has ended.
    unsafe impl<T> Send for Sent<T> {}
    // SAFETY: reserves fresh addresses.
    let hole = Sent(unsafe { VirtualAlloc(ptr::null(), HOLE_BYTES, MEM_RESERVE, PAGE_READWRITE) });
    let scenario = Sent(scenario);
    let on_thread = move || {
        let (hole, scenario) = (hole, scenario);
        // SAFETY: reserved above, used by nobody.
        unsafe { VirtualFree(hole.0, 0, MEM_RELEASE) };
        scenario.0();
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, on_thread);
        if thread.expect("a thread").join().is_err() {
            std::process::exit(101);
        }
    });
}

/// How many allocations the process has.
pub fn maps() -> usize {
    regions()
        .filter(|region| region.State != MEM_FREE && region.BaseAddress == region.AllocationBase)
        .count()
}

/// How many bytes of memory the process occupies.
///
/// # Panics
/// When the system does not tell.
pub fn resident_bytes() -> usize {
    let mut counters = MaybeUninit::<PROCESS_MEMORY_COUNTERS>::zeroed();
    let bytes = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: there is room for the counters; all zeroes are some.
    unsafe {
        assert!(K32GetProcessMemoryInfo(GetCurrentProcess(), counters.as_mut_ptr(), bytes) != 0);
        counters.assume_init().WorkingSetSize
    }
}

/// How many bytes of memory of its own the process has committed.
pub fn committed_bytes() -> usize {
    let own = |region: &MEMORY_BASIC_INFORMATION| {
        region.State == MEM_COMMIT && region.Type == MEM_PRIVATE
    };
    regions().filter(own).map(|region| region.RegionSize).sum()
}

/// Whether something is mapped at `address`.
pub fn is_mapped(address: usize) -> bool {
    region(address).is_some_and(|region| region.State != MEM_FREE)
}

/// The allocation that `address` is part of.
///
/// # Panics
/// Where there is none.
pub fn allocation(address: usize) -> Range<usize> {
    let base = region(address).expect("of this process").AllocationBase;
    assert!(!base.is_null(), "{address:#x} is free");
    let own = regions().filter(|region| region.State != MEM_FREE && region.AllocationBase == base);
    base.addr()..base.addr() + own.map(|region| region.RegionSize).sum::<usize>()
}

fn regions() -> impl Iterator<Item = MEMORY_BASIC_INFORMATION> {
    core::iter::successors(region(0), |last| {
        region(last.BaseAddress.addr().checked_add(last.RegionSize)?)
    })
}

fn region(address: usize) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut region = MaybeUninit::<MEMORY_BASIC_INFORMATION>::uninit();
    let bytes = size_of::<MEMORY_BASIC_INFORMATION>();
    // SAFETY: asks about an address, whatever is there; `region` is read when it was filled in.
    unsafe {
        let filled =
            VirtualQuery(ptr::without_provenance::<c_void>(address), region.as_mut_ptr(), bytes);
        (filled == bytes).then(|| region.assume_init())
    }
}

/// Reserves what is free below the stack in use, so that no system stack lies there.
pub fn fill_below() {
    const GRANULARITY: usize = 64 * 1024;
    let local = 0_u8;
    let in_use = (&raw const local).addr();
    for region in regions().take_while(|region| region.BaseAddress.addr() < in_use) {
        let low = region.BaseAddress.addr().next_multiple_of(GRANULARITY).max(GRANULARITY);
        let high = (region.BaseAddress.addr() + region.RegionSize).min(in_use);
        if region.State == MEM_FREE && low < high {
            // SAFETY: reserves fresh addresses.
            unsafe {
                VirtualAlloc(ptr::without_provenance(low), high - low, MEM_RESERVE, PAGE_READWRITE)
            };
        }
    }
}
