//! ELF: the linker puts these pointers among the functions to call when the object is loaded,
//! before any callback of it and when allocating is safe; and among those to call when it is
//! unloaded, or the process ends. On Linux the number makes them the first and the last:
//! destructors may call back.

use core::ffi::{CStr, c_void};

// SAFETY: what lies in this section are functions of that type.
#[cfg_attr(not(target_os = "linux"), unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array.00101"))]
static AT_LOAD: extern "C" fn() = {
    extern "C" fn at_load() {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        stay_if_shared();
        crate::stack::memory::prepare();
        super::prepare_process();
        super::bind();
    }
    at_load
};

// SAFETY: as above.
#[cfg_attr(not(target_os = "linux"), unsafe(link_section = ".fini_array"))]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".fini_array.00101"))]
static AT_UNLOAD: extern "C" fn() = {
    extern "C" fn at_unload() {
        match is_closing() {
            Some(is_closed) => super::library_ends(is_closed),
            None => super::library_may_be_closed(),
        }
    }
    at_unload
};

pub(super) fn link() {
    core::hint::black_box([&raw const AT_LOAD, &raw const AT_UNLOAD]);
}

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
        let found = [(c"dlclose", true), (c"_dl_catch_exception", true), (c"exit", false)];
        let found = found.iter().find(|(name, _)| has_name(start, name));
        let Some(&(_, closes)) = found else { return GO_ON };
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
