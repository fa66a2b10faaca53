//! x86_64 Linux, the calling convention of System V.
//!
//! ```text
//!  calling stack                               system stack
//!  | return address into C |                   | header          | <- rsp while the body is called
//!  | saved rbp             | <- rbp            | return address  |
//!  | header                | <- header.calling | frames of body  |
//!  |                       |                   |        v        |
//! ```
//!
//! The word below rbp is the activation's [`Record`](crate::stack::Record). Free to use at the
//! entry of a C function, and so used here, are rax, r10 and r11; rdi, rsi, rdx, rcx, r8, r9 and
//! xmm0 to xmm7 carry the arguments.
//!
//! In place rsp is left alone and the last instruction is a jump into the body, which finds the
//! arguments on the stack as C left them. How stacks are changed stands in switch/x86_64.rs. The
//! return address into the fast path leads to the description of the callback, which stands behind
//! its last instruction: so nobody has to note it.

use core::ffi::c_void;

use crate::callback::Callback;
use crate::stack::{Header, Record};

/// What the assembler makes of the instructions after the call of the body.
const AFTER_CALL: [u8; 12] = [
    0x49, 0x89, 0xe3, // mov r11, rsp
    0xc9, // leave
    0x49, 0xc7, 0x03, 0, 0, 0, 0,    // mov qword ptr [r11], 0
    0xc3, // ret
];

/// Whether the fast path has made the record at this address. It pushes rbp and then the record,
/// and at the entry of a function rsp is 8 above a multiple of 16: so the record is, too, as no
/// other.
pub(crate) fn has_made(record: usize) -> bool {
    const { assert!(align_of::<Record>() == 16) };
    record % 16 == 8
}

/// The callback whose body the fast path has called on this stack. `None` for the length of two
/// instructions before the first such call, and where a tracer has put an address of its own.
pub(crate) fn callback_on(header: &Header) -> Option<&'static Callback> {
    let return_address = header.top().cast::<*const u8>().wrapping_sub(1);
    // SAFETY: the word below the header belongs to the stack. It is a return address, as every
    // first frame of an activation ends at the header or leaves zero there (call.rs), or nobody has
    // been here yet: then it is zero.
    let end = unsafe { return_address.read_volatile() };
    if end.is_null() {
        return None;
    }
    // SAFETY: a return address lies in code, which can be read; ours is followed by these
    // instructions and four bytes.
    if unsafe { end.cast::<[u8; AFTER_CALL.len()]>().read() } != AFTER_CALL {
        return None;
    }
    let offset_at = end.wrapping_add(AFTER_CALL.len()).cast::<i32>();
    // SAFETY: as above; the distance to the function `describe` of this callback.
    unsafe {
        let describe = offset_at.wrapping_byte_offset(offset_at.read_unaligned() as isize);
        Some(core::mem::transmute::<*const i32, extern "C" fn() -> &'static Callback>(describe)())
    }
}

/// The words to copy, none or an odd number: see [`fast::stack_words`](crate::fast::stack_words).
pub(crate) const fn words_to_copy(arguments: &[(usize, usize)], result: (usize, usize)) -> usize {
    match crate::fast::stack_words(arguments, result, 6) {
        0 => 0,
        words => words | 1,
    }
}

unsafe extern "C-unwind" {
    /// Goes on with an unwinding, above the frame that its return address leads to.
    pub(crate) fn _Unwind_Resume(exception: *mut c_void) -> !;
}

/// The personality routine of the fast path: a panic, an exception or a forced unwinding out of the
/// body goes on in the code that stands behind the description, which leaves the stack idle. An
/// asynchronous unwinding from another instruction is passed on.
pub(crate) extern "C" fn personality(
    _version: i32,
    actions: i32,
    _class: u64,
    exception: *mut c_void,
    context: *mut c_void,
) -> i32 {
    const SEARCH_PHASE: i32 = 1;
    const INSTALL_CONTEXT: i32 = 7;
    const CONTINUE_UNWIND: i32 = 8;
    unsafe extern "C" {
        fn _Unwind_GetIP(context: *mut c_void) -> usize;
        fn _Unwind_SetGR(context: *mut c_void, number: i32, value: usize);
        fn _Unwind_SetIP(context: *mut c_void, ip: usize);
    }
    // SAFETY: the unwinder's own context, of a frame of the fast path, so that the address lies in
    // its code, before the description. Register 0 is rax.
    unsafe {
        let return_address = _Unwind_GetIP(context);
        // Where arguments were copied, an instruction of 5 or 8 bytes comes before.
        let end = [0, 5, 8].map(|more| return_address + more).into_iter().find(|&at| {
            core::ptr::with_exposed_provenance::<[u8; AFTER_CALL.len()]>(at).read() == AFTER_CALL
        });
        let Some(end) = end.filter(|_| actions & SEARCH_PHASE == 0) else {
            return CONTINUE_UNWIND;
        };
        _Unwind_SetGR(context, 0, exception.addr());
        _Unwind_SetIP(context, end + AFTER_CALL.len() + size_of::<i32>());
    }
    INSTALL_CONTEXT
}

/// Defines the naked function `$name`, which decides for a callback with these arguments and goes
/// on in `$body`, there or on the system stack, or in `$slow`. All three take the same arguments.
macro_rules! fast_path {
    (
        extern $abi:literal fn $name:ident<[$($generic:ident),*] $($argument:ident),*>
        where [$($bounds:tt)*] body = $body:ident, slow = $slow:ident
    ) => {
        /// # Safety
        /// As for the body.
        #[unsafe(naked)]
        unsafe extern $abi fn $name<D: Describe, $($generic,)* $($argument,)* R>(
            $(_: $argument),*
        ) -> R
        where
            $($bounds)*
        {
            core::arch::naked_asm!(
                ".cfi_startproc",
                ".if {is_fast} && {switches}",
                ".cfi_personality 0x1b, {personality}",
                ".endif",
                // As much of it as can be on one line of the cache.
                ".p2align 5",
                ".if {is_fast}",
                // rax = where this thread's words lie, relative to fs; 0 if that is not the same in
                // all threads.
                "mov rax, qword ptr [rip + {offset}]",
                "test rax, rax",
                "jz 8f",
                "2:",
                ".if {stays}",
                // In place when SP is on the thread stack, with enough below; the slow path notes
                // the first time. Where the subtraction wraps around, the result is negative: less
                // than all addresses of user space are.
                "lea r10, [rsp - {needed}]",
                "cmp r10, qword ptr fs:[rax]",
                "jl 4f",
                "cmp rsp, qword ptr fs:[rax + 24]",
                "jb {body}",
                "cmp rsp, qword ptr fs:[rax + 8]",
                "jae 6f",
                ".endif",
                // In place when SP is on the home, with enough below: the home has at least ROOM.
                // r11 = header of the home.
                "3:",
                "mov r11, qword ptr fs:[rax + 16]",
                ".if {needed} < {room}",
                "lea r10, [rsp + {room} - {needed}]",
                "sub r10, qword ptr [r11 + 16]",
                "cmp r10, {room} - {needed}",
                "jb {body}",
                ".endif",
                ".if {stays}",
                "jmp {slow}",
                ".endif",
                // On the thread stack, but not to stay there.
                "4:",
                "cmp rsp, qword ptr fs:[rax]",
                "jb 6f",
                "cmp rsp, qword ptr fs:[rax + 8]",
                "jae 6f",
                ".if {switches}",
                ".if {words}",
                // What is copied below lies on the stack.
                "lea r10, [rsp + 8 * {words} + 8]",
                "cmp r10, qword ptr fs:[rax + 8]",
                "ja 7f",
                ".endif",
                ".if {stays}",
                "mov r11, qword ptr fs:[rax + 16]",
                ".endif",
                // The home is to be taken, when it is idle: then SP is not on it.
                ".if {needed} > {room}",
                "cmp qword ptr [r11 + 8], {needed}",
                "jb 7f",
                ".endif",
                // Only a function of a certain name may call upwards: see switch/x86_64.rs.
                "cmp rsp, r11",
                "jb 7f",
                ".cfi_remember_state",
                "push rbp",
                ".cfi_def_cfa_offset 16",
                ".cfi_offset rbp, -16",
                "mov rbp, rsp",
                // From here on the frame is found through rbp, wherever rsp is.
                ".cfi_def_cfa_register rbp",
                // The record of this activation.
                "push r11",
                // Idle, and then in use: by one instruction, as a handler in between may suspend
                // this context while others take the stack. No other thread does, hence no lock.
                "xor eax, eax",
                "cmpxchg qword ptr [r11], rsp",
                "jne 23f",
                "mov rsp, r11",
                ".if {words}",
                // Where the callback is looked for is no return address now, so it is put there.
                // Then the arguments, an odd number of words, so that rsp is aligned to 16 again.
                "lea r10, [rip + 5f]",
                "push r10",
                ".set .Lguarded_callback_at, 16 + 8 * {words}",
                ".rept {words}",
                ".set .Lguarded_callback_at, .Lguarded_callback_at - 8",
                "push qword ptr [rbp + .Lguarded_callback_at]",
                ".endr",
                ".endif",
                // The header is aligned to 64, as the ABI wants rsp before a call. call and ret
                // stay paired for the shadow stack.
                "call {body}",
                ".if {words}",
                "lea rsp, [rsp + 8 * {words} + 8]",
                ".endif",
                "5:",
                // The body has brought rsp back to the header.
                "mov r11, rsp",
                // rsp returns to the calling stack, whichever thread this is: rbp is callee-saved.
                "leave",
                ".cfi_def_cfa rsp, 8",
                ".cfi_restore rbp",
                // SP is on the stack no more. The record below rsp is out of reach of signal
                // handlers, which leave 128 bytes there alone.
                "mov qword ptr [r11], 0",
                "ret",
                // An error if AFTER_CALL is shorter.
                ".org 5b + 12",
                ".long {describe} - .",
                // An unwinding out of the body goes on here: rsp and rbp are as after the call, and
                // rax is the exception. The stack is left idle, and the unwinder is called as if C
                // had called it.
                ".cfi_restore_state",
                ".cfi_remember_state",
                ".cfi_def_cfa rbp, 16",
                ".cfi_offset rbp, -16",
                ".if {words}",
                "lea rsp, [rsp + 8 * {words} + 8]",
                ".endif",
                "mov r11, rsp",
                "mov rdi, rax",
                "leave",
                ".cfi_def_cfa rsp, 8",
                ".cfi_restore rbp",
                "mov qword ptr [r11], 0",
                "jmp {resume}",
                // The home is in use.
                ".cfi_restore_state",
                ".cfi_remember_state",
                ".cfi_def_cfa rbp, 16",
                ".cfi_offset rbp, -16",
                "23:",
                "leave",
                ".cfi_def_cfa rsp, 8",
                ".cfi_restore rbp",
                "jmp {slow}",
                ".cfi_restore_state",
                ".endif",
                // Not on the thread stack.
                "6:",
                ".if {stays}",
                "jmp 3b",
                ".endif",
                "7:",
                "jmp {slow}",
                // The words are in the state of the thread, to which the value of our
                // thread-specific key leads, if it is one of ours.
                "8:",
                "mov rax, qword ptr [rip + {slot}]",
                "test rax, rax",
                "jz 7b",
                "mov r10, qword ptr [rip + {sequence}]",
                "cmp r10, qword ptr fs:[rax - 8]",
                "jne 7b",
                "mov rax, qword ptr fs:[rax]",
                "test rax, rax",
                "jz 7b",
                "sub rax, qword ptr fs:[0]",
                "jmp 2b",
                ".else",
                "jmp {slow}",
                ".endif",
                ".cfi_endproc",
                is_fast = const
                    (needed::<D, ($($argument,)*), R>() <= crate::fast::MOST_NEEDED_BYTES) as usize,
                stays = const !matches!(D::CALLBACK.mode, Mode::Always) as usize,
                switches = const (!matches!(D::CALLBACK.mode, Mode::Never)
                    && crate::fast::words_to_copy(
                        &[$((size_of::<$argument>(), align_of::<$argument>())),*],
                        (size_of::<R>(), align_of::<R>()),
                    ) <= crate::fast::MOST_STACK_WORDS) as usize,
                words = const crate::fast::words_to_copy(
                    &[$((size_of::<$argument>(), align_of::<$argument>())),*],
                    (size_of::<R>(), align_of::<R>()),
                ),
                needed = const needed::<D, ($($argument,)*), R>(),
                room = const crate::stack::ROOM_BYTES,
                offset = sym crate::thread::tls::OFFSET,
                slot = sym crate::thread::tls::SLOT,
                sequence = sym crate::thread::tls::SLOT_SEQUENCE,
                describe = sym crate::fast::describe::<D>,
                personality = sym crate::fast::personality,
                resume = sym crate::fast::_Unwind_Resume,
                body = sym $body::<$($generic,)* $($argument,)* R>,
                slow = sym $slow::<D, $($generic,)* $($argument,)* R>,
            )
        }
    };
}
pub(crate) use fast_path;
