//! i686, the calling convention of System V.
//!
//! ```text
//!  calling stack                           the other stack
//!  | record                   | ebp + 20   | header of the stack      | <- top
//!  | top                      | ebp + 16   | 12 bytes of alignment    |
//!  | function                 | ebp + 12   | argument                 |
//!  | argument                 | ebp + 8    | return address into here |
//!  | return address           |            | frames of the function   |
//!  | saved ebp                | <- ebp     |          v               |
//!  |   (esp leaves from here) |
//! ```
//!
//! The frame address is ebp + 8.

copy_of!(stack_pointer, "mov {}, esp");

call_on_stack! {
    // On entry: [esp] = return address, then argument, function, top and record.
    ".cfi_startproc",
    // A landing pad (indirect branch tracking), as the linker may reach this through a pointer.
    "endbr32",
    "push ebp",
    ".cfi_def_cfa_offset 8",
    ".cfi_offset ebp, -8",
    "mov ebp, esp",
    // From here on the frame is found through ebp, wherever esp is.
    ".cfi_def_cfa_register ebp",
    // eax, ecx and edx are the caller's to save.
    "mov eax, dword ptr [ebp + 8]",
    "mov ecx, dword ptr [ebp + 12]",
    "mov edx, dword ptr [ebp + 20]",
    // Where the calling stack is left.
    "mov dword ptr [edx], esp",
    // The argument goes onto the stack; esp stays aligned to 16 before the call, as the ABI wants
    // it.
    "mov esp, dword ptr [ebp + 16]",
    "sub esp, 16",
    "mov dword ptr [esp], eax",
    morestack!(begin),
    // call and ret stay paired for the shadow stack.
    "call ecx",
    // ebp is on the calling stack.
    "mov esp, ebp",
    "pop ebp",
    ".cfi_def_cfa esp, 4",
    ".cfi_restore ebp",
    "ret",
    morestack!(end),
    ".cfi_endproc",
}
