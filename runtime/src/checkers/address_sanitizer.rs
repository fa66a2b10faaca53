//! AddressSanitizer keeps the bounds of the stack that a thread is on, and a second, fake stack of locals for each.
//!
//! It clears its marks between SP and the high bound when something leaves frames without their epilogues: a panic, an exception, a
//! longjmp. So it has to hear of each switch. Its functions are weak symbols: in a program without it this finds nulls and does nothing.
//!
//! A longjmp over a switched body tells nobody. Until the next callback the sanitizer then takes the thread to be on the stack that
//! was left, and may warn of it.

use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;

use super::Notes;
use crate::bounds::StackBounds;

global_asm!(
    ".weak __sanitizer_start_switch_fiber",
    ".weak __sanitizer_finish_switch_fiber",
    ".weak __asan_unpoison_memory_region",
    ".weak __asan_handle_no_return",
    ".weak __lsan_register_root_region",
    ".weak __lsan_unregister_root_region",
);

/// The address of a weak symbol, null where nobody defines it.
macro_rules! weak {
    ($name:literal as $kind:ty) => {{
        let address: *const c_void;
        // SAFETY: reads the word that the linker or the loader has put into the global offset table.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!(concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"), out(reg) address, options(nostack, readonly));
            #[cfg(target_arch = "aarch64")]
            asm!(
                concat!("adrp {0}, :got:", $name),
                concat!("ldr {0}, [{0}, :got_lo12:", $name, "]"),
                out(reg) address,
                options(nostack, readonly)
            );
        }
        // SAFETY: null or the function of that name, whose type the sanitizer's interface says.
        unsafe { core::mem::transmute::<*const c_void, Option<$kind>>(address) }
    }};
}

type Region = unsafe extern "C" fn(*const c_void, usize);

/// What is noted of one stack.
pub(crate) struct Fibers {
    /// The fake stack of the code that runs here, while it does not.
    fake: Cell<*mut c_void>,
    /// Bounds and fake stack of the host of the running activation.
    host_low: Cell<usize>,
    host_bytes: Cell<usize>,
    host_fake: Cell<*mut c_void>,
    /// The body has returned, other than by unwinding.
    has_returned: Cell<bool>,
}

impl Fibers {
    pub(crate) const fn new() -> Self {
        Self {
            fake: Cell::new(ptr::null_mut()),
            host_low: Cell::new(0),
            host_bytes: Cell::new(0),
            host_fake: Cell::new(ptr::null_mut()),
            has_returned: Cell::new(false),
        }
    }
}

fn fibers(notes: &Notes) -> &Fibers {
    &notes.sanitizer
}

/// Says that the thread goes on at `low` with the fake stack `fake`, and returns the low bound and the size of where it was. What it leaves of
/// its fake stack goes to `left`, or is destroyed. Both halves at once: in between nothing is called but the sanitizer.
fn switch(left: *mut *mut c_void, low: usize, bytes: usize, fake: *mut c_void) -> Option<(usize, usize)> {
    type Start = unsafe extern "C" fn(*mut *mut c_void, *const c_void, usize);
    type Finish = unsafe extern "C" fn(*mut c_void, *mut *const c_void, *mut usize);
    let start = weak!("__sanitizer_start_switch_fiber" as Start)?;
    let finish = weak!("__sanitizer_finish_switch_fiber" as Finish)?;
    let (mut old_low, mut old_bytes) = (ptr::null(), 0);
    // SAFETY: the bounds are those of a stack, the fake stack is null or one that `start` has given out and nobody uses.
    unsafe {
        start(left, ptr::without_provenance(low), bytes);
        finish(fake, &raw mut old_low, &raw mut old_bytes);
    }
    Some((old_low.addr(), old_bytes))
}

/// The thread is about to leave the calling stack for the one at `low`.
pub(crate) fn begin(
    notes: &Notes,
    low: usize,
    room_bytes: usize,
    calling_stack: impl FnOnce() -> Option<StackBounds>,
) {
    let fibers = fibers(notes);
    let fake = fibers.fake.take();
    let Some((told_low, told_bytes)) = switch(fibers.host_fake.as_ptr(), low, room_bytes, fake) else {
        return;
    };
    // Where a longjmp has misled the sanitizer we know better.
    let known = calling_stack();
    fibers.host_low.set(known.map_or(told_low, |known| known.low()));
    fibers.host_bytes.set(known.map_or(told_bytes, |known| known.high() - known.low()));
}

/// The body on the stack of `header` has returned.
pub(crate) fn returned(notes: &Notes) {
    fibers(notes).has_returned.set(true);
}

/// The thread is back from the stack of `header`. When it is unwinding, the marks of the frames above are cleared, as they would have
/// been at the beginning of the unwinding had the body run on this stack.
pub(crate) fn end(notes: &Notes) {
    let notes = fibers(notes);
    switch(notes.fake.as_ptr(), notes.host_low.get(), notes.host_bytes.get(), notes.host_fake.take());
    if !notes.has_returned.take()
        && let Some(handle_no_return) = weak!("__asan_handle_no_return" as unsafe extern "C" fn())
    {
        // SAFETY: no preconditions.
        unsafe { handle_no_return() };
    }
}

/// The activation on the stack of `header` was jumped over: clears the marks of the frames that it and its hosts left.
pub(crate) fn abandoned(notes: &Notes, low: usize, room_bytes: usize, host_sp: usize) {
    let notes = fibers(notes);
    notes.host_fake.set(ptr::null_mut());
    let Some(unpoison) = weak!("__asan_unpoison_memory_region" as Region) else { return };
    let high = notes.host_low.get() + notes.host_bytes.get();
    // SAFETY: only marks are changed.
    unsafe {
        unpoison(ptr::without_provenance(low), room_bytes);
        if host_sp != 0 && host_sp < high {
            unpoison(ptr::without_provenance(host_sp), high - host_sp);
        }
    }
}

/// What bodies keep on the stack counts for the search for leaks.
pub(super) fn mapped(low: usize, room_bytes: usize) {
    if let Some(register) = weak!("__lsan_register_root_region" as Region) {
        // SAFETY: the stack was just mapped.
        unsafe { register(ptr::without_provenance(low), room_bytes) };
    }
}

pub(super) fn unmapped(notes: &Notes, low: usize, room_bytes: usize) {
    if let Some(unregister) = weak!("__lsan_unregister_root_region" as Region) {
        // SAFETY: as it was registered.
        unsafe { unregister(ptr::without_provenance(low), room_bytes) };
    }
    abandoned(notes, low, room_bytes, 0);
    let fake = fibers(notes).fake.take();
    if fake.is_null() {
        return;
    }
    // A fake stack can only be destroyed by leaving it.
    let own = Cell::new(ptr::null_mut());
    if let Some((low, bytes)) = switch(own.as_ptr(), low, room_bytes, fake) {
        switch(ptr::null_mut(), low, bytes, own.get());
    }
}
