//! The function that the kernel calls, in a form that other copies of the runtime recognize.
//!
//! A library with a copy of its own may be closed after the program's copy has installed its
//! handler on top. That one must not call a handler that is unmapped, so the library finds its
//! table of earlier actions, and takes itself out of the chain. On other architectures than these
//! three, and on Apple's systems, copies do not know of each other.
//!
//! ```text
//! entry + 0   jump to `handle`
//!       + 16  (or the next multiple of 16) signature, distance from here to the table
//! ```

use core::ptr;

#[allow(unused_imports, reason = "for the assembler of some architectures")]
use super::EARLIER;
use super::{Earlier, handle};
use crate::cfg_if::cfg_if;
use crate::probe;

/// Bytes of the entry's code, with what pads it.
const CODE_BYTES: usize = 16;

/// "gcover", and the version of the layout of [`Earlier`].
const SIGNATURE: u64 = 0x6763_6f76_6572_0001;

/// The function to install.
pub(super) fn address() -> usize {
    entry as *const () as usize
}

/// Defines the entry by its code. A landing pad first: other copies call this through a pointer.
#[allow(unused_macros, reason = "elsewhere `handle` is the entry")]
macro_rules! entry {
    ($code:literal) => {
        /// # Safety
        /// As for `handle`.
        #[unsafe(naked)]
        unsafe extern "C" fn entry(
            signal: i32,
            info: *mut libc::siginfo_t,
            context: *mut libc::c_void,
        ) {
            core::arch::naked_asm!(
                "2:",
                $code,
                ".org 2b + {code_bytes}",
                ".p2align 4",
                ".quad {signature}",
                ".long {table} - .",
                handle = sym handle,
                table = sym EARLIER,
                code_bytes = const CODE_BYTES,
                signature = const SIGNATURE,
            )
        }
    };
}

cfg_if! {
    if #[cfg(all(target_arch = "x86_64", not(target_vendor = "apple")))] {
        entry! { "endbr64; jmp {handle}" }
    } else if #[cfg(all(target_arch = "x86", not(target_vendor = "apple")))] {
        entry! { "endbr32; jmp {handle}" }
    } else if #[cfg(all(target_arch = "aarch64", not(target_vendor = "apple")))] {
        entry! { "hint #34; b {handle}" }
    } else {
        use handle as entry;
    }
}

/// The table of the copy of the runtime whose entry `handler` is, this one included.
pub(super) fn table_of(handler: usize) -> Option<&'static [Earlier; 2]> {
    let at = handler.checked_add(CODE_BYTES)?.checked_next_multiple_of(16)?;
    // A handler that somebody has left may be unmapped.
    if !probe::holds(at, SIGNATURE as usize) {
        return None;
    }
    let at = ptr::with_exposed_provenance::<[i32; 4]>(at);
    // SAFETY: 16 bytes at a multiple of 16, so all on the page that was just read.
    let (signature, distance) = unsafe { (at.cast::<u64>().read(), at.read()[2]) };
    let table = at.cast::<u8>().wrapping_add(8).wrapping_offset(distance as isize);
    // SAFETY: the signature says that a table of this layout lies there, for as long as the library
    // of the entry is open; what is in it is atomic or constant.
    (signature == SIGNATURE).then(|| unsafe { &*table.cast() })
}
