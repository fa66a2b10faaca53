//! Behaviour of guarded-callback, seen from outside, with real C callers.
//!
//! What the tests share: the C callers ([`c`]), functions annotated in every mode ([`callback!`]),
//! scenarios in a process of their own (`child!`), and looking at the process from outside
//! ([`maps`], [`resident_bytes`]).

pub mod c;
pub mod many;
mod process;

pub use process::{
    Death, descend, is_emulated, is_in_loader, is_unmapping_untold, isolated, maps, normalised,
    program, resident_bytes, rounds, run_child,
};

#[cfg(target_os = "linux")]
pub use process::can_be_written;
#[cfg(unix)]
pub use process::errno_address;
#[cfg(windows)]
pub use process::{allocation, committed_bytes, fill_below, is_mapped};

use core::ffi::{c_int, c_void};

/// A pointer to a callback as C has it: the ABI is the C compiler's, whether Rust says "C" or
/// "C-unwind".
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CCallback(pub *const c_void);

// SAFETY: the address of a function, which is the same and callable on every thread.
unsafe impl Send for CCallback {}
// SAFETY: as above.
unsafe impl Sync for CCallback {}

/// How the function under test is annotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: the twin to compare with.
    Plain,
    /// `switch = always`
    Always,
    /// `switch = when_low`
    WhenLow,
}

/// One callback in every mode: a module with the functions `plain`, `always` and `when_low` and
/// `of(mode)`.
///
/// The options of the attribute, other than `switch`, stand in brackets.
#[macro_export]
macro_rules! callback {
    ($abi:literal [$($option:tt)*] fn $name:ident($arg:ident) $body:block) => {
        #[allow(unused_imports, unused_qualifications, missing_docs, unreachable_code)]
        mod $name {
            use super::*;
            #[guarded_callback::guarded_callback(switch = always, $($option)*)]
            pub extern $abi fn always($arg: *mut core::ffi::c_void) -> core::ffi::c_int $body
            #[guarded_callback::guarded_callback(switch = when_low, $($option)*)]
            pub extern $abi fn when_low($arg: *mut core::ffi::c_void) -> core::ffi::c_int $body
            pub extern $abi fn plain($arg: *mut core::ffi::c_void) -> core::ffi::c_int $body
            pub fn of(mode: $crate::Mode) -> $crate::CCallback {
                $crate::CCallback(match mode {
                    $crate::Mode::Plain => plain as *const core::ffi::c_void,
                    $crate::Mode::Always => always as *const core::ffi::c_void,
                    $crate::Mode::WhenLow => when_low as *const core::ffi::c_void,
                })
            }
        }
    };
    ($abi:literal fn $name:ident($arg:ident) $body:block) => {
        $crate::callback!($abi [] fn $name($arg) $body);
    };
}

/// Tests that run as `name::always` and `name::when_low`, each in a process of its own.
#[macro_export]
macro_rules! in_both_modes {
    ($($(#[$meta:meta])* fn $name:ident($mode:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;
            fn scenario($mode: $crate::Mode) $body
            $(#[$meta])*
            #[test]
            fn always() {
                $crate::isolated(concat!(stringify!($name), "::always"), || {
                    scenario($crate::Mode::Always)
                });
            }
            $(#[$meta])*
            #[test]
            fn when_low() {
                $crate::isolated(concat!(stringify!($name), "::when_low"), || {
                    scenario($crate::Mode::WhenLow)
                });
            }
        }
    )*};
}

/// Tests that run once, in a process of their own.
#[macro_export]
macro_rules! alone {
    ($($(#[$meta:meta])* fn $name:ident() $body:block)*) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            $crate::isolated(stringify!($name), || $body);
        }
    )*};
}

/// Whether every frame has room for what it calls, 160 bytes on s390x and 32 to 96 on powerpc64,
/// and there are more registers to keep.
pub const LARGE_FRAMES: bool = cfg!(any(target_arch = "powerpc64", target_arch = "s390x"));

/// Little room on the calling stack. What the shim may need there is 512 bytes of an optimised
/// build (more with [`LARGE_FRAMES`]). Unoptimised frames are larger, and there are more of them
/// where there is no fast path. On Windows what the system is told of the stack is copied many
/// times, and the loader of macOS programs and FreeBSD's library here translate what is called.
pub const LITTLE: usize = match (cfg!(debug_assertions), LARGE_FRAMES) {
    (true, _)
        if cfg!(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64"))) =>
    {
        4 * 1024
    }
    (true, large) if large || cfg!(any(windows, target_os = "freebsd")) => 7 * 1024,
    (true, _) => 6 * 1024,
    (false, true) => 1152,
    (false, false) => 640,
};

/// The size of a system stack where the settings say nothing else.
pub const SYSTEM_STACK_BYTES: usize =
    if cfg!(target_pointer_width = "64") { 8 << 20 } else { 1 << 20 };

/// The guard area below a system stack, at least.
pub const GUARD_BYTES: usize =
    if cfg!(all(target_pointer_width = "64", not(windows))) { 1 << 20 } else { 64 * 1024 };

/// Addresses where nothing is mapped unless somebody asks for it, from low to high; all lie below
/// the stacks that the kernel places.
#[cfg(target_pointer_width = "64")]
pub const FREE_PLACES: [usize; 4] = [1 << 40, 2 << 40, 4 << 40, 80 << 40];
/// As above.
#[cfg(target_pointer_width = "32")]
pub const FREE_PLACES: [usize; 4] = [0x1800_0000, 0x2000_0000, 0x2800_0000, 0x3800_0000];

/// glibc ends a thread by unwinding it, and so does FreeBSD's libthr in programs that have
/// libgcc_s.so (thr_exit.c), as those of Rust; musl and the others leave its frames as they are.
pub const PTHREAD_EXIT_UNWINDS: bool = cfg!(any(target_env = "gnu", target_os = "freebsd"));

/// How far below the lowest usable byte the stack must have ended: on Linux the very next byte.
/// Elsewhere pages that may be a guard are taken for one.
pub const BELOW_THE_STACK: usize = if cfg!(target_os = "linux") { 1 } else { 64 * 1024 };

/// What the runtime tells of a main thread with that limit, in whole pages. On Apple's systems std
/// makes the lowest page a guard, on FreeBSD the kernel does.
pub fn main_thread_kib(limit_kib: usize) -> usize {
    let page = if cfg!(all(target_vendor = "apple", target_arch = "aarch64")) { 16 } else { 4 };
    let has_guard = cfg!(any(target_vendor = "apple", target_os = "freebsd"));
    limit_kib / page * page - if has_guard { page } else { 0 }
}

/// A pointer to pass through C.
pub fn to_c<T>(value: &mut T) -> *mut c_void {
    core::ptr::from_mut(value).cast()
}

/// Borrows what a body was passed through C.
///
/// # Safety
/// `arg` points to a `T` that nobody else uses while the borrow lasts.
pub unsafe fn from_c<'a, T>(arg: *mut c_void) -> &'a mut T {
    // SAFETY: the caller's promise.
    unsafe { &mut *arg.cast::<T>() }
}

/// Really uses `bytes` of stack below the caller, and returns 0 if what was written there is there
/// at the end.
#[inline(never)]
pub fn use_stack(bytes: usize) -> c_int {
    let start = 0_u8;
    let start = core::hint::black_box(&raw const start).addr();
    descend(start, bytes)
}

/// Whether the bounds of the calling thread's stack are what the C library says.
#[cfg(target_os = "linux")]
pub fn bounds_are_as_told() -> bool {
    let (mut low, mut high) = (0, 0);
    // SAFETY: both can be written.
    let error = unsafe { c::c_told_bounds(&raw mut low, &raw mut high) };
    let bounds = guarded_callback::StackBounds::of_thread();
    let are_same =
        error == 0 && bounds.is_some_and(|bounds| (bounds.low(), bounds.high()) == (low, high));
    if !are_same {
        println!("told: [{low:#x}, {high:#x}), bounds: {bounds:?}");
    }
    are_same
}

/// Runs a coroutine on this memory that calls `f` with `arg`: 1 if it has ended, and what `f` has
/// returned.
///
/// # Safety
/// `f` can be called with `arg`; a coroutine that has not ended does not go on.
pub unsafe fn in_a_coroutine(memory: &mut [u8], f: CCallback, arg: *mut c_void) -> (c_int, c_int) {
    // SAFETY: the memory outlives the coroutine or its last use; the rest is the caller's promise.
    unsafe {
        let coroutine = c::c_coroutine_new(memory.as_mut_ptr().cast(), memory.len(), f, arg);
        let ended = c::c_coroutine_resume(coroutine);
        let result = c::c_coroutine_result(coroutine);
        c::c_coroutine_free(coroutine);
        (ended, result)
    }
}

/// Leaves the thread without an alternate signal stack. 0: it is so.
#[cfg(unix)]
pub fn no_signal_stack() -> c_int {
    // SAFETY: a stack_t is plain data, and the kernel refuses where SP is on the stack in force.
    unsafe {
        let none = libc::stack_t { ss_flags: libc::SS_DISABLE, ..core::mem::zeroed() };
        libc::sigaltstack(&raw const none, core::ptr::null_mut())
    }
}

/// The address of a local of this function: near SP.
#[inline(never)]
pub fn near_sp() -> usize {
    let local = 0_u8;
    core::hint::black_box(&raw const local).addr()
}

/// Touches every page from below SP down to the lowest byte of the stack, in order: systems that
/// commit a stack as it grows want that.
///
/// # Safety
/// No signal handler runs on this stack meanwhile. Where `low` lies below the stack, the process
/// dies.
#[inline(never)]
pub unsafe fn walk_down(low: usize) {
    const SMALLEST_PAGE: usize = 4096;
    let mut address = near_sp() & !(SMALLEST_PAGE - 1);
    while address > low {
        address = low.max(address - SMALLEST_PAGE);
        let byte = core::ptr::with_exposed_provenance_mut::<u8>(address);
        // SAFETY: memory of the thread's own stack below all frames, by the caller's promise, or an
        // end that the caller expects. What is there is written back.
        unsafe { byte.write_volatile(byte.read_volatile()) };
    }
}

/// What a body may need to stay intact: look at it again after somebody else ran.
#[derive(Debug)]
pub struct Canary([u64; 32], u64);

impl Canary {
    /// Fills it.
    pub fn new(seed: u64) -> Self {
        Self(
            core::array::from_fn(|i| {
                seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(i as u32)
            }),
            seed,
        )
    }

    /// Whether it is as `new` made it.
    pub fn is_intact(&self) -> bool {
        core::hint::black_box(self).0 == Self::new(self.1).0
    }
}

/// Counts its drops, to see whether unwinding ran destructors.
#[derive(Debug)]
pub struct CountDrop(pub &'static core::sync::atomic::AtomicUsize);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    }
}
