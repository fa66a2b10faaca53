//! Mach-O: dyld calls what was registered for the image, as C++ compilers do it for destructors of
//! statics. Whether the process ends is not known there, so that stacks stay.

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
static AT_LOAD: extern "C" fn() = {
    extern "C" fn at_load() {
        super::prepare_process();
        super::bind();
        // SAFETY: the function has the type that is asked for and ignores its argument. Should
        // it fail for want of memory, a dlclose leaves the key behind.
        unsafe { __cxa_atexit(library_ends, core::ptr::null_mut(), &raw const __dso_handle) };
    }
    at_load
};

pub(super) fn link() {
    core::hint::black_box(&raw const AT_LOAD);
}
