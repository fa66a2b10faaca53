//! i686, the C calling convention of Windows.
//!
//! Both stacks look as in switch/x86.rs while the function runs.
//!
//! GNU targets unwind by DWARF's rules: the frame address is ebp + 8. Microsoft's follow the chain
//! of handlers at fs:[0], which passes by here: its elements only have to lie between the limits.

use super::teb::offset;

// Some unwinders go by DWARF here.
define_lines! { $ cfi if target_env = "gnu" }

copy_of!(stack_pointer, "mov {}, esp");
copy_of!(teb, "mov {}, fs:[0x18]");

/// Exchanges the fields of the TEB for the words of the record, to which edx leads. Uses eax and
/// ecx.
macro_rules! exchange {
    () => {
        concat! {
            exchange!("{base}", "4"), "\n",
            exchange!("{limit}", "8"), "\n",
            exchange!("{deallocation}", "12"), "\n",
            exchange!("{guarantee}", "16")
        }
    };
    ($field:literal, $word:literal) => {
        concat! {
            "mov eax, fs:[", $field, "]\n", "mov ecx, [edx + ", $word, "]\n",
            "mov fs:[", $field, "], ecx\n", "mov [edx + ", $word, "], eax"
        }
    };
}

call_on_stack! {
    // On entry: [esp] = return address, then argument, function, top and record.
    cfi!(".cfi_startproc"),
    // A landing pad (indirect branch tracking), as the linker may reach this through a pointer.
    "endbr32",
    "push ebp",
    cfi!(".cfi_def_cfa_offset 8"),
    cfi!(".cfi_offset ebp, -8"),
    "mov ebp, esp",
    // From here on the frame is found through ebp, wherever esp is.
    cfi!(".cfi_def_cfa_register ebp"),
    "mov edx, [ebp + 20]",
    // Where the calling stack is left.
    "mov [edx], esp",
    // Nothing is pushed here any more, so the limit in the TEB stays.
    exchange!(),
    "mov eax, [ebp + 8]",
    "mov ecx, [ebp + 12]",
    // The argument goes onto the stack; esp stays aligned to 16 before the call.
    "mov esp, [ebp + 16]",
    "sub esp, 16",
    "mov [esp], eax",
    // call and ret stay paired for the shadow stack.
    "call ecx",
    // ebp is on the calling stack.
    "mov esp, ebp",
    "mov edx, [ebp + 20]",
    exchange!(),
    "pop ebp",
    cfi!(".cfi_def_cfa esp, 4"),
    cfi!(".cfi_restore ebp"),
    "ret",
    cfi!(".cfi_endproc"),
    base = const offset::BASE,
    limit = const offset::LIMIT,
    deallocation = const offset::DEALLOCATION,
    guarantee = const offset::GUARANTEE,
}
