//! The picture of a thread's stacks, taken where it is most telling: in a callback on the thread of
//! `deep_frame`, most of which C has taken.

use core::ffi::c_void;
use core::ptr;

use guarded_callback::{StackMap, guarded_callback};

use crate::deep_frame::{UNPACK_OK, unpack_on_thread};

/// Draws the picture into `user`.
///
/// # Safety
/// `user` points to an `Option<StackMap>` that nobody else uses meanwhile.
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn draw(_block: *const u8, _length: usize, user: *mut c_void) {
    // SAFETY: as the caller owes it.
    unsafe { *user.cast::<Option<StackMap>>() = Some(StackMap::current()) };
}

fn take() -> Option<StackMap> {
    let packed = [255, 0];
    let mut map: Option<StackMap> = None;
    // SAFETY: `packed` outlives the call, and `map` is touched by nothing but `draw` until the call
    // returns.
    let status = unsafe {
        unpack_on_thread(packed.as_ptr(), packed.len(), draw, ptr::from_mut(&mut map).cast())
    };
    map.filter(|_| status == UNPACK_OK)
}

/// Prints the picture.
pub(crate) fn print() {
    let Some(map) = take() else {
        return println!("No picture of the stacks: the library could not start its thread here.");
    };
    println!("The stacks of deep_frame's thread, seen by a callback that asked for 300 KiB:\n");
    map.print();
}
