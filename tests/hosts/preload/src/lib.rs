//! Hooks for LD_PRELOAD, as tracing tools write them: of the allocator, of mmap, and at the end of
//! the process.

use std::ffi::{c_int, c_long, c_void};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use modes::callback;

static CALLS: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    fn __libc_malloc(bytes: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, bytes: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, bytes: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
    fn syscall(number: c_long, ...) -> c_long;
    fn write(file: c_int, text: *const c_void, bytes: usize) -> isize;
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(bytes: usize) -> *mut c_void {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: passed on.
    unsafe { __libc_malloc(bytes) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, bytes: usize) -> *mut c_void {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: passed on.
    unsafe { __libc_calloc(count, bytes) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, bytes: usize) -> *mut c_void {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: passed on.
    unsafe { __libc_realloc(old, bytes) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn free(old: *mut c_void) {
    // SAFETY: passed on.
    unsafe { __libc_free(old) }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    at: *mut c_void,
    bytes: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: c_long,
) -> *mut c_void {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: passed on; errno is set by `syscall`.
    unsafe {
        syscall(
            9,
            at,
            bytes,
            c_long::from(protection),
            c_long::from(flags),
            c_long::from(file),
            offset,
        ) as *mut c_void
    }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(at: *mut c_void, bytes: usize) -> c_int {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: passed on.
    unsafe { syscall(11, at, bytes) as c_int }
}

#[callback]
extern "C" fn at_end() {
    let line = if CALLS.load(Relaxed) > 5 { "hooked\n" } else { "not hooked\n" };
    // SAFETY: the text has that many bytes.
    unsafe { write(2, line.as_ptr().cast(), line.len()) };
}

#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = at_end;
