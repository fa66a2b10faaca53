//! The end of a thread, and of the library: what is kept for later is given back.

use core::sync::atomic::{AtomicUsize, Ordering::*};

use crate::diagnostics::overflow;
use crate::liveness;
use crate::stack::{Header, IS_CLOSED, arena, pool, table};
use crate::switch;
use crate::thread::signal_mask::Blocked;
use crate::thread::{self, Thread, exit, tls};

/// Makes everything that a thread's state needs of the process. Done when the program or library is
/// loaded, where that can be; otherwise at the first use.
pub(crate) fn prepare_process() {
    // Nothing of this is linked into programs that never come here, so the pointers are no
    // `#[used]`.
    #[cfg(all(unix, not(any(target_vendor = "apple", target_os = "aix", miri))))]
    core::hint::black_box([&raw const elf::AT_LOAD, &raw const elf::AT_UNLOAD]);
    #[cfg(all(target_vendor = "apple", not(miri)))]
    core::hint::black_box(&raw const apple::AT_LOAD);
    #[cfg(windows)]
    core::hint::black_box((&raw const windows::CALLBACK, &raw const windows::_tls_used));
    tls::find_place(exit::prepare(thread_ends));
}

/// Whether the calling thread is ending: its state was ended, and destructors still run.
pub(crate) fn has_begun_to_end() -> bool {
    tls::words().is_some_and(tls::Words::has_ended)
}

/// How many threads are in [`thread_ends`].
static ENDING: AtomicUsize = AtomicUsize::new(0);

/// Waits for the threads that are ending: what they run is about to be unmapped. Not for ever: in
/// the child of a fork they are gone.
fn wait_for_ending_threads() {
    for _ in 0..1000 {
        if ENDING.load(Acquire) == 0 {
            return;
        }
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
}

/// Called with the state of a thread that ends; on Windows with null, for the calling thread.
unsafe extern "C" fn thread_ends(state: *mut u8) {
    ENDING.fetch_add(1, AcqRel);
    // SAFETY: the state of the calling thread, which lives in the header of its first stack.
    let state = unsafe { state.cast::<Thread>().as_ref() };
    state.or_else(thread::current).inspect(|thread| end_thread(thread));
    ENDING.fetch_sub(1, AcqRel);
}

fn end_thread(thread: &Thread) {
    let _blocked = Blocked::all();
    overflow::uncover_thread(thread.first());
    let sp = switch::stack_pointer();
    liveness::restore_teb(thread, sp);
    if let Some(header) = outermost(thread) {
        // Windows: the system frees the stack that the TEB tells of, which must be the thread's
        // own.
        header.switch.os.set_freed_at_end();
    }
    thread.end();
    liveness::thread_ends(thread, sp);
}

/// The stack that was entered first of those that the system is told of now, one from another.
fn outermost(thread: &Thread) -> Option<&'static Header> {
    let mut outermost = thread.held().find(|header| header.switch.os.is_told())?;
    for _ in 0..thread.held_count() {
        let calling = outermost.switch.os.calling_stack().get();
        let Some(next) = thread.held().find(|header| header.os_stack.get().is_same(&calling))
        else {
            break;
        };
        outermost = next;
    }
    Some(outermost)
}

/// The library is closed, or the process ends.
#[cfg_attr(not(any(unix, windows)), allow(dead_code, reason = "called where that can be heard of"))]
fn library_ends(is_closed: bool) {
    #[cfg(feature = "stats")]
    crate::diagnostics::report::at_exit();
    overflow::uninstall();
    if !is_closed {
        return;
    }
    // Before the stacks of threads that end count as those of a closed library.
    exit::forget();
    wait_for_ending_threads();
    if !IS_CLOSED.swap(true, AcqRel) {
        if let Some(thread) = thread::current() {
            overflow::uncover_thread(thread.first());
            thread.end();
        }
        tls::forget_place();
        release_all();
    }
}

/// The library is closed, or the process ends, when other threads go on to call it; nobody knows.
/// Stacks stay; threads that end do not come back into what may be unmapped.
#[cfg_attr(not(unix), allow(dead_code, reason = "told elsewhere"))]
fn library_may_be_closed() {
    library_ends(false);
    tls::forget_place();
    exit::forget();
}

/// Unmaps all stacks that nothing lives on. Nobody calls the library any more but its destructors,
/// on this thread, which from now on keeps no stack; and no thread comes back into it but for
/// bodies that are suspended.
fn release_all() {
    let _blocked = Blocked::all();
    let sp = switch::stack_pointer();
    // The iterator has read the link to the next stack when it yields one.
    for header in table::forget_all() {
        if header.is_idle() && !header.contains(sp) {
            // SAFETY: whole, idle, and nobody takes it any more.
            unsafe { pool::unmap(header) };
        }
    }
    arena::release_unused();
}

/// Mach-O: dyld calls what was registered for the image, as C++ compilers do it for destructors of
/// statics. Whether the process ends is not known there, so that stacks stay.
#[cfg(all(target_vendor = "apple", not(miri)))]
mod apple {
    unsafe extern "C" {
        /// Made by the linker: an address in the image.
        static __dso_handle: u8;
        fn __cxa_atexit(
            function: unsafe extern "C" fn(*mut libc::c_void),
            argument: *mut libc::c_void,
            image: *const u8,
        ) -> libc::c_int;
    }

    unsafe extern "C" fn library_ends(_argument: *mut libc::c_void) {
        super::library_may_be_closed();
    }

    /// dyld calls what lies in this section when the image is loaded.
    // SAFETY: functions of that type.
    #[unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")]
    pub(super) static AT_LOAD: extern "C" fn() = {
        extern "C" fn at_load() {
            super::prepare_process();
            // SAFETY: the function has the type that is asked for and ignores its argument. Should
            // it fail for want of memory, a dlclose leaves the key behind.
            unsafe { __cxa_atexit(library_ends, core::ptr::null_mut(), &raw const __dso_handle) };
        }
        at_load
    };
}

/// Windows: a TLS callback of the executable or DLL, which the loader calls for every thread that
/// ends, whoever made it. Not a callback of fiber-local storage, which ends with each fiber.
#[cfg(windows)]
mod windows {
    use core::ffi::c_void;

    use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_DETACH, DLL_THREAD_DETACH};

    // The linker sorts these sections by the letters after the `$` and the loader calls in that
    // order: the standard library (B) and the C runtime (C and D), which run destructors, before
    // us.
    // SAFETY: the linker puts this pointer among the callbacks; the type is the one that the loader
    // expects.
    #[unsafe(link_section = ".CRT$XLY")]
    pub(super) static CALLBACK: unsafe extern "system" fn(*mut c_void, u32, *mut c_void) = notice;

    unsafe extern "C" {
        /// The directory of the callbacks, from the C runtime. Who asks for it by name makes sure
        /// that it is linked.
        pub(super) static _tls_used: u8;
    }

    /// `reserved` is null when a DLL is unloaded and not when the process ends, which frees
    /// everything by itself.
    unsafe extern "system" fn notice(_module: *mut c_void, reason: u32, reserved: *mut c_void) {
        match reason {
            // SAFETY: null stands for the calling thread.
            DLL_THREAD_DETACH => unsafe { super::thread_ends(core::ptr::null_mut()) },
            DLL_PROCESS_DETACH => super::library_ends(reserved.is_null()),
            _ => {}
        }
    }
}

/// ELF: the linker puts these pointers among the functions to call when the object is loaded,
/// before any callback of it and when allocating is safe; and among those to call when it is
/// unloaded, or the process ends. On Linux the number makes them the first and the last:
/// destructors may call back.
#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "aix", miri))))]
mod elf {
    use core::ffi::{CStr, c_void};

    // SAFETY: what lies in this section are functions of that type.
    #[cfg_attr(not(target_os = "linux"), unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array.00101"))]
    pub(super) static AT_LOAD: extern "C" fn() = {
        extern "C" fn at_load() {
            #[cfg(all(target_os = "linux", target_env = "gnu"))]
            stay_if_shared();
            crate::stack::memory::prepare();
            super::prepare_process();
        }
        at_load
    };

    // SAFETY: as above.
    #[cfg_attr(not(target_os = "linux"), unsafe(link_section = ".fini_array"))]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".fini_array.00101"))]
    pub(super) static AT_UNLOAD: extern "C" fn() = {
        extern "C" fn at_unload() {
            match is_closing() {
                Some(is_closed) => super::library_ends(is_closed),
                None => super::library_may_be_closed(),
            }
        }
        at_unload
    };

    unsafe extern "C" {
        fn _Unwind_Backtrace(
            function: extern "C" fn(*mut c_void, *mut c_void) -> i32,
            argument: *mut c_void,
        ) -> i32;
        fn _Unwind_GetRegionStart(context: *mut c_void) -> usize;
    }

    /// Whether it is dlclose that has called, and not exit, when other threads go on to call the
    /// library; `None` where the frames do not say, as on systems whose loader has no tables for
    /// unwinders (arm and riscv64). No frame beyond is looked at: that of a coroutine may have been
    /// called from nowhere, where unwinders read what is not there.
    fn is_closing() -> Option<bool> {
        extern "C" fn look(context: *mut c_void, is_closing: *mut c_void) -> i32 {
            const GO_ON: i32 = 0;
            const STOP: i32 = 5;
            // SAFETY: a valid context.
            let start = unsafe { _Unwind_GetRegionStart(context) };
            let found = [(c"dlclose", true), (c"exit", false)];
            let found = found.into_iter().find(|(name, _)| has_name(start, name));
            let Some((_, closes)) = found else { return GO_ON };
            // SAFETY: the address below.
            unsafe { *is_closing.cast() = Some(closes) };
            STOP
        }
        // Nobody closes the executable; where it is static, its frames may not be findable any
        // more.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if crate::process::executable::contains(look as *const () as usize) {
            return Some(false);
        }
        let mut is_closing = None::<bool>;
        // SAFETY: the function has the type that is asked for; it writes to `is_closing` alone.
        unsafe { _Unwind_Backtrace(look, (&raw mut is_closing).cast()) };
        is_closing
    }

    /// The address of a function is another one where the executable takes it by a stub of its own,
    /// or where something else has put itself before it, as sanitizers do.
    fn has_name(start: usize, name: &CStr) -> bool {
        object_with(start).is_some_and(|info| {
            // SAFETY: the name, if there is one, is a string of an image that is loaded.
            !info.dli_sname.is_null() && unsafe { CStr::from_ptr(info.dli_sname) } == name
        })
    }

    /// Libraries that C linkers make of the static library, and that export what it has. Where one
    /// of them, or the program, has the same copy already, the loader takes from there what the
    /// later one asks for: the two share some of the runtime's functions and variables, and not
    /// others. Neither can be closed by itself then, so the later one stays, and with it what it
    /// was linked with.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn stay_if_shared() {
        use crate::callback::Options;
        // A function that nobody else sees, and one that is exported where anything is.
        let own = stay_if_shared as fn() as *const ();
        let exported = Options::reserve as fn(Options, usize) -> Options as *const ();
        // No symbol of the program's is taken from elsewhere.
        if crate::process::executable::contains(own.addr()) {
            return;
        }
        let (own, found) = (object_with(own.addr()), object_with(exported.addr()));
        let (Some(own), Some(found)) = (own, found) else { return };
        if own.dli_fbase != found.dli_fbase {
            let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            // SAFETY: the name by which the loader knows this library, which is loaded: all that
            // changes is that it stays. The handle is never closed.
            unsafe { libc::dlopen(own.dli_fname, flags) };
        }
    }

    /// What the loader tells of the object that has something at this address. Its lock may be
    /// taken again by who has it.
    fn object_with(address: usize) -> Option<libc::Dl_info> {
        let mut info = core::mem::MaybeUninit::uninit();
        let address = core::ptr::without_provenance(address);
        // SAFETY: any address may be asked for; `info` is read only after success.
        unsafe { (libc::dladdr(address, info.as_mut_ptr()) != 0).then(|| info.assume_init()) }
    }
}
