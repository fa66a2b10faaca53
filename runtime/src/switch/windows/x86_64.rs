//! x86_64, Microsoft's calling convention.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | return address           |            | 32 bytes for the callee  |
//!  | saved rbp                |            | return address into here |
//!  | record                   | <- rbp     | frames of the function   |
//!  |   (rsp leaves from here) |            |          v               |
//! ```
//!
//! The unwind codes say that the frame is found through rbp.

use super::teb::offset;
use crate::switch::SwitchRecord;

copy_of!(stack_pointer, "mov {}, rsp");
copy_of!(teb, "mov {}, gs:[0x30]");

/// Exchanges the fields of the TEB for the words of the record, to which r9 leads. Uses rax and
/// r10.
macro_rules! exchange {
    () => {
        concat! {
            exchange!("{base}", "8", "rax", "r10"), "\n",
            exchange!("{limit}", "16", "rax", "r10"), "\n",
            exchange!("{deallocation}", "24", "rax", "r10"), "\n",
            exchange!("{guarantee}", "32", "eax", "r10d")
        }
    };
    ($field:literal, $word:literal, $old:literal, $new:literal) => {
        concat! {
            "mov ", $old, ", gs:[", $field, "]\n", "mov ", $new, ", [r9 + ", $word, "]\n",
            "mov gs:[", $field, "], ", $new, "\n", "mov [r9 + ", $word, "], ", $old
        }
    };
}

call_on_stack! {
    // On entry: rcx = argument, rdx = function, r8 = top, r9 = record, [rsp] = return address.
    ".seh_proc {this}",
    ".seh_handler {handler}, @unwind",
    // A landing pad (indirect branch tracking), as the linker may reach this through a pointer.
    "endbr64",
    "push rbp",
    ".seh_pushreg rbp",
    // For the handler and the way back.
    "push r9",
    ".seh_stackalloc 8",
    "mov rbp, rsp",
    ".seh_setframe rbp, 0",
    ".seh_endprologue",
    // Where the calling stack is left.
    "mov [r9], rsp",
    // Nothing is pushed here any more, so the limit in the TEB stays. rax and r10 are free.
    exchange!(),
    // The function may use 32 bytes above its return address; top is aligned to 16, as the ABI
    // wants rsp before a call.
    "lea rsp, [r8 - 32]",
    // call and ret stay paired for the shadow stack.
    "call rdx",
    // rbp is on the calling stack.
    "mov rsp, rbp",
    "mov r9, [rbp]",
    exchange!(),
    "add rsp, 8",
    "pop rbp",
    "ret",
    ".seh_endproc",
    this = sym call_on_stack,
    handler = sym handler,
    base = const offset::BASE,
    limit = const offset::LIMIT,
    deallocation = const offset::DEALLOCATION,
    guarantee = const offset::GUARANTEE,
}

/// The handler of the frame, called in the second phase of whatever unwinds it, also by longjmp.
/// `frame` is rbp in `call_on_stack`. From here on nothing may count on the guard pages of the
/// calling stack: see [`super`].
unsafe extern "C" fn handler(
    _exception: *mut u8,
    frame: *const *const SwitchRecord,
    _context: *mut u8,
    _dispatcher: *mut u8,
) -> i32 {
    const EXCEPTION_CONTINUE_SEARCH: i32 = 1;
    // SAFETY: the address of the record lies there, and neither frame is gone yet.
    super::commit(unsafe { (**frame).os.calling_stack() });
    EXCEPTION_CONTINUE_SEARCH
}
