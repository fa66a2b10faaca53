//! C code that takes 64 KiB of its thread's stack and then calls back.
//!
//! This is how Go met the problem in 2011 (golang/go issue 1328). The decoder (library.h) runs on a
//! thread with a stack just large enough for its own 64 KiB window; what is left is less than 24
//! KiB on most systems. The callback counts pairs of bytes in a table of 256 KiB, which is nothing
//! on a thread of Rust's own.

use core::ffi::c_void;
use core::{ptr, slice};

use guarded_callback::{guarded_callback, remaining_stack};

/// `unpack_sink` of library.h.
pub(crate) type Sink = unsafe extern "C" fn(block: *const u8, length: usize, user: *mut c_void);

/// `UNPACK_OK` of library.h.
pub(crate) const UNPACK_OK: u32 = 0;
/// `UNPACK_UNSUPPORTED` of library.h.
const UNPACK_UNSUPPORTED: u32 = 3;

unsafe extern "C" {
    /// See library.h.
    pub(crate) fn unpack_on_thread(
        packed: *const u8,
        length: usize,
        sink: Sink,
        user: *mut c_void,
    ) -> u32;
}

/// What the callback gathers.
#[derive(Default)]
struct Counts {
    blocks: usize,
    bytes: usize,
    /// The most different pairs seen in one block.
    pairs: usize,
    room_bytes: Option<usize>,
}

impl Counts {
    #[inline(always)]
    fn add(&mut self, block: &[u8]) {
        let mut counts = [0_u32; 1 << 16];
        for pair in block.windows(2) {
            counts[usize::from(pair[0]) << 8 | usize::from(pair[1])] += 1;
        }
        self.blocks += 1;
        self.bytes += block.len();
        self.pairs = self.pairs.max(counts.iter().filter(|count| **count > 0).count());
        self.room_bytes = remaining_stack();
    }
}

/// The callback as it would be written without the attribute.
///
/// # Safety
/// As library.h says; `user` points to a [`Counts`] that nobody else uses meanwhile.
unsafe extern "C" fn count_plain(block: *const u8, length: usize, user: *mut c_void) {
    // SAFETY: the library passes a block that is valid for the call, and `user` as the caller of
    // this function owes it.
    unsafe { (*user.cast::<Counts>()).add(slice::from_raw_parts(block, length)) }
}

/// The same callback with the attribute.
///
/// # Safety
/// As [`count_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn count_guarded(block: *const u8, length: usize, user: *mut c_void) {
    // SAFETY: as in `count_plain`.
    unsafe { (*user.cast::<Counts>()).add(slice::from_raw_parts(block, length)) }
}

/// Runs of 1 to 255 equal bytes, about 1 MiB when unpacked.
fn packed() -> Vec<u8> {
    (0..8192_u32).flat_map(|run| [(run % 255 + 1) as u8, (run * 37 % 251) as u8]).collect()
}

/// Runs the story, with the plain callback when the argument `plain` is given.
pub(crate) fn main() {
    let sink: Sink = if examples::is_plain() { count_plain } else { count_guarded };
    let packed = packed();
    let mut counts = Counts::default();
    // SAFETY: `packed` outlives the call, `counts` is touched by nothing but the sink until the
    // call returns.
    let status = unsafe {
        unpack_on_thread(packed.as_ptr(), packed.len(), sink, ptr::from_mut(&mut counts).cast())
    };
    if status == UNPACK_UNSUPPORTED {
        return println!("deep_frame: not on this target: the library was built without threads");
    }
    assert_eq!(status, UNPACK_OK);
    assert_eq!(counts.bytes, packed.iter().step_by(2).map(|count| usize::from(*count)).sum());
    let free_mib =
        counts.room_bytes.expect("the bounds of the stack are known") as f64 / 1_048_576.0;
    println!(
        "deep_frame: {} blocks, {} pairs of bytes, {free_mib:.1} MiB left below the body",
        counts.blocks, counts.pairs
    );
}
