//! What the fast paths of Windows have in common: what they tell the system, as switch/windows/
//! does, and what they note when they are unwound.

use core::mem::offset_of;

use crate::stack::Header;
use crate::switch::{OsRecord, OsStack, SwitchRecord, teb_offset};

/// Where the header says what the system is told while the body runs.
pub(crate) const OWN: usize = offset_of!(Header, os_stack);

/// Where it keeps what the system was told of the calling stack.
pub(crate) const OTHER: usize =
    offset_of!(Header, switch) + offset_of!(SwitchRecord, os) + OsRecord::OTHER;

// The assembly counts on these.
const _: () = assert!(offset_of!(OsStack, base) == 0);
const _: () = assert!(offset_of!(OsStack, limit) == 8);
const _: () = assert!(offset_of!(OsStack, deallocation) == 16);
const _: () = assert!(offset_of!(OsStack, guarantee_bytes) == 24);
const _: () = assert!(OsRecord::IS_UNWOUND == OsRecord::OTHER + 40);
const _: () = assert!(teb_offset::BASE == 8 && teb_offset::LIMIT == 0x10);
const _: () = assert!(teb_offset::DEALLOCATION == 0x1478 && teb_offset::GUARANTEE == 0x1748);

/// The handler of the frame. In the second phase of whatever unwinds it, also of longjmp, SP is
/// still on the stack that is left: see switch/windows/. (On aarch64 it is called in the first one
/// as well: there is no other kind of handler.)
pub(crate) unsafe extern "C" fn personality(
    exception: *const u32,
    frame: *const *const Header,
    _context: *mut u8,
    _dispatcher: *mut u8,
) -> i32 {
    const EXCEPTION_CONTINUE_SEARCH: i32 = 1;
    /// In the second word of an EXCEPTION_RECORD.
    const EXCEPTION_UNWINDING: u32 = 2;
    // SAFETY: a record; below `frame` is that of the activation, the address of the header; headers
    // stay.
    unsafe {
        if *exception.add(1) & EXCEPTION_UNWINDING != 0 {
            (**frame.sub(1)).switch.os.begin_unwinding();
        }
    }
    EXCEPTION_CONTINUE_SEARCH
}

/// The instructions, with the operands of Windows.
macro_rules! assemble {
    ([$($this:tt)*] $($operands:tt)*) => {
        $crate::thread::tls::with_words! {
            core::arch::naked_asm! [
                $crate::fast::assembly!(),
                this = sym $($this)*,
                own = const crate::fast::OWN,
                other = const crate::fast::OTHER,
                $($operands)*
            ]
        }
    };
}

pub(crate) use assemble;
