//! AddressSanitizer keeps the bounds of the stack that a thread is on, and a second, fake stack of
//! locals for each.
//!
//! It clears its marks between SP and the high bound when something leaves frames without their
//! epilogues: a panic, an exception, a longjmp. So it has to hear of each switch. Its functions are
//! weak symbols: in a program without it this finds nulls and does nothing.
//!
//! A longjmp over a switched body tells nobody. Until the next callback the sanitizer then takes
//! the thread to be on the stack that was left, and may warn of it.

use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;

use super::Notes;
use crate::bounds::StackBounds;
use crate::thread::signal_mask::Blocked;

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
        // SAFETY: reads the word that the linker or the loader has put into the global offset
        // table.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!(
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(nostack, readonly)
            );
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

type RegionFn = unsafe extern "C" fn(*const c_void, usize);

pub(crate) struct Fibers {
    /// The fake stack of the code that runs here, while it does not.
    fake: Cell<*mut c_void>,
    /// Bounds and fake stack of the calling stack of the running activation.
    calling_low: Cell<usize>,
    calling_bytes: Cell<usize>,
    calling_fake: Cell<*mut c_void>,
    /// The body has returned, other than by unwinding.
    has_returned: Cell<bool>,
}

/// Says that the thread goes on at `low` with the fake stack `fake`, and returns the low bound and
/// the size of where it was. What it leaves of its fake stack goes to `left`, or is destroyed. Both
/// halves at once and with signals blocked: a second switch in between ends the process.
fn switch(
    left: *mut *mut c_void,
    low: usize,
    bytes: usize,
    fake: *mut c_void,
) -> Option<(usize, usize)> {
    type Start = unsafe extern "C" fn(*mut *mut c_void, *const c_void, usize);
    type Finish = unsafe extern "C" fn(*mut c_void, *mut *const c_void, *mut usize);
    let start = weak!("__sanitizer_start_switch_fiber" as Start)?;
    let finish = weak!("__sanitizer_finish_switch_fiber" as Finish)?;
    let (mut old_low, mut old_bytes) = (ptr::null(), 0);
    let _blocked = Blocked::all();
    // SAFETY: the bounds are those of a stack, the fake stack is null or one that `start` has given
    // out and nobody uses.
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
    let fibers = &notes.sanitizer;
    let fake = fibers.fake.take();
    if let Some(reported) = switch(fibers.calling_fake.as_ptr(), low, room_bytes, fake) {
        // Where a longjmp has misled the sanitizer, what the runtime knows is right.
        let known = calling_stack().map(|known| (known.low(), known.high() - known.low()));
        let (low, bytes) = known.unwrap_or(reported);
        fibers.calling_low.set(low);
        fibers.calling_bytes.set(bytes);
    }
}

/// The body has returned.
pub(crate) fn returned(notes: &Notes) {
    notes.sanitizer.has_returned.set(true);
}

/// The thread is back on the calling stack. When it is unwinding, the marks of the frames above are
/// cleared, as at the beginning of the unwinding had the body run on this stack.
pub(crate) fn end(notes: &Notes) {
    let fibers = &notes.sanitizer;
    let (low, bytes) = (fibers.calling_low.get(), fibers.calling_bytes.get());
    switch(fibers.fake.as_ptr(), low, bytes, fibers.calling_fake.take());
    if !fibers.has_returned.take()
        && let Some(handle_no_return) = weak!("__asan_handle_no_return" as unsafe extern "C" fn())
    {
        // SAFETY: no preconditions.
        unsafe { handle_no_return() };
    }
}

/// The activation was jumped over: clears the marks of the frames that it and its callers left.
pub(crate) fn abandoned(notes: &Notes, low: usize, room_bytes: usize, calling_sp: usize) {
    let fibers = &notes.sanitizer;
    fibers.calling_fake.set(ptr::null_mut());
    let Some(unpoison) = weak!("__asan_unpoison_memory_region" as RegionFn) else { return };
    let calling_low = fibers.calling_low.get();
    let calling_high = calling_low + fibers.calling_bytes.get();
    // SAFETY: only marks are changed.
    unsafe {
        unpoison(ptr::without_provenance(low), room_bytes);
        // Not on a coroutine's stack of which nobody knows the bounds: what was told are then those
        // of the thread stack, and between the two lies anything.
        if (calling_low..calling_high).contains(&calling_sp) {
            unpoison(ptr::without_provenance(calling_sp), calling_high - calling_sp);
        }
    }
}

/// What bodies keep on the stack counts for the search for leaks.
pub(super) fn mapped(low: usize, room_bytes: usize) {
    if let Some(register) = weak!("__lsan_register_root_region" as RegionFn) {
        // SAFETY: the stack was just mapped.
        unsafe { register(ptr::without_provenance(low), room_bytes) };
    }
}

pub(super) fn unmapped(notes: &Notes, low: usize, room_bytes: usize) {
    if let Some(unregister) = weak!("__lsan_unregister_root_region" as RegionFn) {
        // SAFETY: it was registered with the same bounds.
        unsafe { unregister(ptr::without_provenance(low), room_bytes) };
    }
    abandoned(notes, low, room_bytes, 0);
    let fake = notes.sanitizer.fake.take();
    if fake.is_null() {
        return;
    }
    // A fake stack can only be destroyed by leaving it.
    let own = Cell::new(ptr::null_mut());
    if let Some((low, bytes)) = switch(own.as_ptr(), low, room_bytes, fake) {
        switch(ptr::null_mut(), low, bytes, own.get());
    }
}
