//! A shared object with guarded callbacks, and so with a copy of the runtime of its own, for tests
//! to open and close.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use guarded_callback::{guarded_callback, on_system_stack, remaining_stack, stats};

/// What a body of the plugin calls, with the argument for it.
#[repr(C)]
#[derive(Debug)]
pub struct Below {
    /// What to call; null for nothing.
    pub f: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    /// What to pass.
    pub arg: *mut c_void,
}

/// Looks at its stack, and calls what the argument says. 0: all is well.
///
/// # Safety
/// `arg` points to a `Below`, or is null.
#[unsafe(no_mangle)]
#[guarded_callback(switch = always)]
pub unsafe extern "C" fn plugin_always(arg: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { body(arg) }
}

/// As [`plugin_always`].
///
/// # Safety
/// As for `plugin_always`.
#[unsafe(no_mangle)]
#[guarded_callback(switch = when_low)]
pub unsafe extern "C" fn plugin_when_low(arg: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { body(arg) }
}

/// # Safety
/// As for [`plugin_always`].
unsafe fn body(arg: *mut c_void) -> c_int {
    if !on_system_stack() || remaining_stack().is_none_or(|bytes| bytes < 128 * 1024) {
        return 1;
    }
    #[cfg(feature = "locals")]
    {
        use std::cell::Cell;
        thread_local! { static LOCALS: Cell<[u8; 4096]> = const { Cell::new([0; 4096]) }; }
        LOCALS.with(|locals| core::hint::black_box(locals).set([7; 4096]));
    }
    let mut page = [0_u8; 64 * 1024];
    core::hint::black_box(&mut page).fill(7);
    // SAFETY: the caller's promise.
    let below = match unsafe { arg.cast::<Below>().as_ref() } {
        // SAFETY: the caller passes the argument that the function expects.
        Some(&Below { f: Some(f), arg }) => unsafe { f(arg) },
        _ => 0,
    };
    below + c_int::from(core::hint::black_box(&page).iter().any(|&byte| byte != 7))
}

/// How many stacks this copy of the runtime has mapped and not unmapped.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_stacks() -> usize {
    let stats = stats();
    stats.stacks_mapped - stats.stacks_unmapped
}

/// Installs the overflow report of this copy of the runtime. 0: done.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_installs_report() -> c_int {
    c_int::from(guarded_callback::install_overflow_report().is_err())
}

/// What the destructors of this library count in; null for nothing.
static COUNT: AtomicPtr<AtomicUsize> = AtomicPtr::new(null_mut());

/// From now on the destructors of this library call back, and count the callbacks that went well.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_calls_at_its_end(count: *mut AtomicUsize) {
    COUNT.store(count, Relaxed);
}

extern "C" fn at_the_end() {
    // SAFETY: the caller keeps the counter until the library is closed.
    let Some(count) = (unsafe { COUNT.load(Relaxed).as_ref() }) else { return };
    // SAFETY: null is accepted.
    let result = unsafe { plugin_always(null_mut()) };
    count.fetch_add(usize::from(result == 0), Relaxed);
}

// SAFETY: the linker puts these pointers among the functions to call when the object is unloaded;
// the type is the one it expects. One runs before the runtime's own (101), the other after it: the
// numbers are priorities.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".fini_array.00050")]
static LATE: extern "C" fn() = at_the_end;
// SAFETY: as above.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".fini_array")]
static EARLY: extern "C" fn() = at_the_end;

/// As [`at_the_end`], as the loader of Windows calls it.
#[cfg(windows)]
unsafe extern "system" fn notice(_module: *mut c_void, reason: u32, _reserved: *mut c_void) {
    const DLL_PROCESS_DETACH: u32 = 0;
    if reason == DLL_PROCESS_DETACH {
        at_the_end();
    }
}

// SAFETY: the linker puts these pointers among the callbacks of the loader; the type is the one
// that it expects. It sorts them by what follows the `$`: one is called before the runtime's own
// (XLY), the other after it.
#[cfg(windows)]
#[used]
#[unsafe(link_section = ".CRT$XLYZ")]
static LATE: unsafe extern "system" fn(*mut c_void, u32, *mut c_void) = notice;
// SAFETY: as above.
#[cfg(windows)]
#[used]
#[unsafe(link_section = ".CRT$XLX")]
static EARLY: unsafe extern "system" fn(*mut c_void, u32, *mut c_void) = notice;

/// The beginning of glibc's `struct __gconv_step` (gconv.h), as far as a module fills it in.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[repr(C)]
#[derive(Debug)]
pub struct Step {
    of_the_c_library: [usize; 9],
    /// Bytes for a character, at least and at most, on each side; and whether there is a state.
    needed: [c_int; 5],
}

/// So that the plugin is a module of iconv(3), which the C library opens and closes by itself.
///
/// # Safety
/// What the C library passes.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gconv_init(step: *mut Step) -> c_int {
    // SAFETY: passed on; the callback accepts null.
    unsafe {
        (*step).needed = [1, 1, 4, 4, 0];
        plugin_always(null_mut())
    }
}

/// Converts nothing.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[unsafe(no_mangle)]
pub extern "C" fn gconv() -> c_int {
    0
}
