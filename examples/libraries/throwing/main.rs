//! A C++ library whose handlers leave by an exception, on a thread as small as musl's.
//!
//! The exception unwinds from the library through the body, across the switch, and back into the
//! library; what the body owns is dropped on the way.

use core::ffi::{c_char, c_void};
use core::slice;

use guarded_callback::{guarded_callback, stats};
use library_examples::{is_plain, on_small_thread};

/// `records_handler` of library.h; exceptions cross it.
type Handler = unsafe extern "C-unwind" fn(record: *const c_char, length: usize, user: *mut c_void);

unsafe extern "C-unwind" {
    fn records_reject(reason: *const c_char) -> !;
    fn records_read(
        text: *const c_char,
        length: usize,
        handler: Handler,
        user: *mut c_void,
    ) -> usize;
}

const WORK_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct Counts {
    accepted: usize,
    dropped: usize,
}

/// Something that must be dropped when the exception passes.
struct Owned<'a>(&'a mut Counts);

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        self.0.dropped += 1;
    }
}

/// The handler as it would be written without the attribute.
///
/// # Safety
/// As library.h says; `user` points to a [`Counts`].
unsafe extern "C-unwind" fn handle_plain(record: *const c_char, length: usize, user: *mut c_void) {
    // SAFETY: passed on.
    unsafe { handle(slice::from_raw_parts(record.cast(), length), &mut *user.cast()) }
}

/// The same handler with the attribute.
///
/// # Safety
/// As [`handle_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C-unwind" fn handle_guarded(
    record: *const c_char,
    length: usize,
    user: *mut c_void,
) {
    // SAFETY: passed on.
    unsafe { handle(slice::from_raw_parts(record.cast(), length), &mut *user.cast()) }
}

#[inline(always)]
fn handle(record: &[u8], counts: &mut Counts) {
    let mut work = [0_u8; WORK_BYTES];
    let owned = Owned(counts);
    work[..record.len()].copy_from_slice(record);
    if !core::hint::black_box(&work)[..record.len()].iter().all(u8::is_ascii_digit) {
        // SAFETY: the text ends with NUL, and this is a handler that the library runs.
        unsafe { records_reject(c"not a number".as_ptr()) };
    }
    owned.0.accepted += 1;
}

fn main() {
    let text = "12\n34\nnot a number\n56\nnor this\n".repeat(1000);
    let mut counts = Counts::default();
    let rejected = on_small_thread(|| {
        let handler: Handler = if is_plain() { handle_plain } else { handle_guarded };
        // SAFETY: the text and the counts live through the call.
        unsafe { records_read(text.as_ptr().cast(), text.len(), handler, (&raw mut counts).cast()) }
    });
    println!(
        "throwing: {} records accepted, {rejected} rejected by exceptions, \
         {} of 5000 dropped, {}",
        counts.accepted,
        counts.dropped,
        match stats().stacks_mapped {
            1 => "1 stack mapped".to_owned(),
            stacks => format!("{stacks} stacks mapped"),
        }
    );
}
