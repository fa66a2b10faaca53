//! aarch64, Windows.
//!
//! ```text
//!  calling stack                           the other stack
//!  | frame of the caller      |            | header of the stack      | <- top
//!  | record                   |            | frames of the function   |
//!  | saved x29 and x30        | <- x29     |          v               |
//!  |   (sp leaves from here)  |
//! ```
//!
//! The unwind codes say that the frame is found through x29.

use super::teb::offset;

copy_of!(stack_pointer, "mov {}, sp");
copy_of!(teb, "mov {}, x18");

/// Exchanges the fields of the TEB for the words of the record, to which x3 leads. Uses x9 and x11.
macro_rules! exchange {
    () => {
        concat! {
            exchange!("x", "x18, #{base}", "8"), "\n",
            exchange!("x", "x18, #{limit}", "16"), "\n",
            exchange!("x", "x18, #{deallocation}", "24"), "\n",
            exchange!("w", "x18, #{guarantee}", "32")
        }
    };
    ($size:literal, $field:literal, $word:literal) => {
        concat! {
            "ldr ", $size, "9, [", $field, "]\n", "ldr ", $size, "11, [x3, #", $word, "]\n",
            "str ", $size, "11, [", $field, "]\n", "str ", $size, "9, [x3, #", $word, "]"
        }
    };
}

call_on_stack! {
    // On entry: x0 = argument, x1 = function, x2 = top, x3 = record, x30 = return address.
    ".seh_proc {this}",
    // Landing pad for images with branch target identification.
    "bti c",
    ".seh_nop",
    "stp x29, x30, [sp, #-32]!",
    ".seh_save_fplr_x 32",
    "mov x29, sp",
    ".seh_set_fp",
    ".seh_endprologue",
    // For the way back.
    "str x3, [x29, #16]",
    // Where the calling stack is left.
    "str x29, [x3]",
    // Nothing is pushed here any more, so the limit in the TEB stays.
    exchange!(),
    // top is aligned to 16, as sp has to be at all times.
    "mov sp, x2",
    "blr x1",
    // x29 is on the calling stack.
    "mov sp, x29",
    "ldr x3, [x29, #16]",
    exchange!(),
    ".seh_startepilogue",
    "ldp x29, x30, [sp], #32",
    ".seh_save_fplr_x 32",
    ".seh_endepilogue",
    "ret",
    ".seh_endproc",
    this = sym call_on_stack,
    base = const offset::BASE,
    limit = const offset::LIMIT,
    deallocation = const offset::DEALLOCATION,
    guarantee = const offset::GUARANTEE,
}
