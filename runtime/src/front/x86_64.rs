//! The front on x86_64 Linux with glibc, for the C calling convention with at most six arguments.
//!
//! ```text
//!  host stack                                  system stack
//!  | return address into C |                   | header          | <- r11, then rsp
//!  | saved rbp             | <- rbp            | return address  |
//!  | header                | <- header.host    | frames of body  |
//!  |                       |                   |        v        |
//! ```
//!
//! The word below rbp is the activation's [`Record`](crate::stack::Record). Free to use at the entry of a C function, and so used here, are rax, r10 and r11; rdi, rsi, rdx, rcx, r8, r9 and xmm0 to xmm7 carry the arguments.
//!
//! There is no landing pad: a front is made only for ABIs that nothing unwinds through.

use core::arch::naked_asm;
use core::mem::offset_of;

use crate::arrive::{self, Arrival};
use crate::callback::Callback;
use crate::enter::Entry;
use crate::stack::{Header, Record};

pub use crate::thread::hot::HOT;

/// Callbacks can take the front.
pub const AVAILABLE: bool = true;

// What the assembly counts on.
const _: () = assert!(offset_of!(Header, low) == 0 && offset_of!(Header, room_bytes) == 8);
const _: () = assert!(offset_of!(Header, host) == 16 && offset_of!(Header, callback) == 24);
const _: () = assert!(offset_of!(Header, host_sp) == 32 && offset_of!(Header, is_extra) == 40);
const _: () = assert!(offset_of!(Record, header) == 0);

/// Writes `call_front` for one callback: the body as a C function, and the naked function before it.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front {
    ($mode:ident $abi:literal [$($parameter:ident: $ty:ident),*] $callback:ident $needed:ident) => {
        unsafe extern $abi fn body_of<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>($($parameter: $ty),*) -> R {
            // SAFETY: the shim has made a value of this type, which has no size and captures nothing.
            let body = unsafe { $crate::__private::core::ptr::NonNull::<F>::dangling().read() };
            body($($parameter),*)
        }

        #[unsafe(naked)]
        unsafe extern $abi fn front<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>($(_: $ty),*) -> R {
            $crate::__private::core::arch::naked_asm!(
                ".cfi_startproc",
                // rax = where this thread's three words lie, relative to fs.
                "mov rax, qword ptr [rip + {hot}.tls@GOTTPOFF]",
                $crate::__guarded_callback_front_stay!($mode),
                // r11 = header of this thread's system stack, r10 = SP above its low end.
                "mov r11, qword ptr fs:[rax + 16]",
                "mov r10, rsp",
                "sub r10, qword ptr [r11]",
                "cmp r10, qword ptr [r11 + 8]",
                "jae 2f",
                // On the system stack: in place with room. The body is reached as C called us, with nothing on the stack.
                "cmp r10, {needed}",
                "jae {body}",
                "jmp 3f",
                // Somewhere else: onto the system stack, when it is idle and large enough.
                "2:",
                "cmp qword ptr [r11 + 16], 0",
                "jne 3f",
                "cmp qword ptr [r11 + 8], {needed}",
                "jb 3f",
                "push rbp",
                ".cfi_def_cfa_offset 16",
                ".cfi_offset rbp, -16",
                "mov rbp, rsp",
                // From here on the frame is found through rbp, wherever rsp is.
                ".cfi_def_cfa_register rbp",
                "lea r10, [rip + {callback}]",
                "mov qword ptr [r11 + 24], r10",
                "push r11",
                "mov qword ptr [r11 + 32], rsp",
                // The stack counts as in use before SP is on it, for signal handlers that arrive in between.
                "mov qword ptr [r11 + 16], rsp",
                "mov rsp, r11",
                "call {body}",
                // The body has brought rsp back to the header. Nothing on this stack is needed any more.
                "mov qword ptr [rsp + 16], 0",
                "mov rsp, rbp",
                "pop rbp",
                ".cfi_def_cfa rsp, 8",
                "ret",
                // The cold path, with the arguments still in place.
                "3:",
                "lea r10, [rip + {callback}]",
                "lea r11, [rip + {body}]",
                "jmp qword ptr [rip + {cold}@GOTPCREL]",
                ".cfi_endproc",
                hot = sym $crate::__private::HOT,
                needed = const $needed,
                callback = sym $callback,
                body = sym body_of::<$($ty,)* R, F>,
                cold = sym $crate::__private::front_cold,
            )
        }

        #[inline(always)]
        fn call_front<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>(_: &F, $($parameter: $ty),*) -> R {
            // SAFETY: a value of F exists, and the caller has made sure that the arguments travel in registers.
            unsafe { front::<$($ty,)* R, F>($($parameter),*) }
        }
    };
}

/// The test for room on the thread stack, which `always` leaves out.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front_stay {
    (Always) => {
        ""
    };
    ($mode:ident) => {
        // r10 = SP above the low end of the thread stack; in place when that is inside of it and enough.
        "mov r10, rsp
         sub r10, qword ptr fs:[rax]
         cmp r10, qword ptr fs:[rax + 8]
         jae 4f
         cmp r10, {needed}
         jae {body}
         4:"
    };
}

/// The cold path of every front: keeps the arguments, asks [`arrive_front`], and goes on in place or on the stack that it names.
///
/// # Safety
/// Reached by a jump from a front: r10 = the callback, r11 = its body, everything else as C left it.
#[doc(hidden)]
#[unsafe(naked)]
pub unsafe extern "C" fn front_cold() {
    naked_asm!(
        ".cfi_startproc",
        // The jump was an indirect one.
        "endbr64",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        // A place for the record, in the same place as the front's.
        "push 0",
        // What the body will want.
        "push r11",
        "push rdi",
        "push rsi",
        "push rdx",
        "push rcx",
        "push r8",
        "push r9",
        // Eight vector registers.
        "sub rsp, 128",
        "movups xmmword ptr [rsp], xmm0",
        "movups xmmword ptr [rsp + 16], xmm1",
        "movups xmmword ptr [rsp + 32], xmm2",
        "movups xmmword ptr [rsp + 48], xmm3",
        "movups xmmword ptr [rsp + 64], xmm4",
        "movups xmmword ptr [rsp + 80], xmm5",
        "movups xmmword ptr [rsp + 96], xmm6",
        "movups xmmword ptr [rsp + 112], xmm7",
        "mov rdi, r10",
        "lea rsi, [rbp - 8]",
        "call {arrive}",
        "movups xmm0, xmmword ptr [rsp]",
        "movups xmm1, xmmword ptr [rsp + 16]",
        "movups xmm2, xmmword ptr [rsp + 32]",
        "movups xmm3, xmmword ptr [rsp + 48]",
        "movups xmm4, xmmword ptr [rsp + 64]",
        "movups xmm5, xmmword ptr [rsp + 80]",
        "movups xmm6, xmmword ptr [rsp + 96]",
        "movups xmm7, xmmword ptr [rsp + 112]",
        "add rsp, 128",
        "pop r9",
        "pop r8",
        "pop rcx",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "pop r11",
        "test rax, rax",
        "jnz 2f",
        // In place: as if C had called the body.
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_remember_state",
        ".cfi_def_cfa rsp, 8",
        "jmp r11",
        "2:",
        ".cfi_restore_state",
        // rax = header of the stack to use; its `host` is the record's address already.
        "mov qword ptr [rbp - 8], rax",
        "lea r10, [rbp - 8]",
        "mov qword ptr [rax + 32], r10",
        "mov rsp, rax",
        "call r11",
        // rsp = header again. A stack that was taken in a special way is given back in a special way.
        "cmp byte ptr [rsp + 40], 0",
        "jne 3f",
        "mov qword ptr [rsp + 16], 0",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_remember_state",
        ".cfi_def_cfa rsp, 8",
        "ret",
        "3:",
        ".cfi_restore_state",
        "mov rdi, rsp",
        "lea rsp, [rbp - 64]",
        // The result, whichever registers it is in.
        "mov qword ptr [rsp], rax",
        "mov qword ptr [rsp + 8], rdx",
        "movups xmmword ptr [rsp + 16], xmm0",
        "movups xmmword ptr [rsp + 32], xmm1",
        "call {leave}",
        "mov rax, qword ptr [rsp]",
        "mov rdx, qword ptr [rsp + 8]",
        "movups xmm0, xmmword ptr [rsp + 16]",
        "movups xmm1, xmmword ptr [rsp + 32]",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        arrive = sym arrive_front,
        leave = sym leave_front,
    )
}

/// The decision for [`front_cold`]: the header of the stack to run on, null for in place.
extern "C" fn arrive_front(callback: &'static Callback, record: usize) -> *const Header {
    match arrive::arrive(&Arrival { callback, needed: callback.needed(), sp: record, record }) {
        Entry::OnStack(header) => header,
        // Refused only with a fallback, which takes the other way.
        Entry::InPlace | Entry::Refused => core::ptr::null(),
    }
}

extern "C" fn leave_front(header: &'static Header) {
    arrive::leave(header);
}
