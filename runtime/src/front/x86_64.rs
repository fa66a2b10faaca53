//! The front on x86_64 Linux with glibc.
//!
//! ```text
//!  host stack                                  system stack
//!  | return address into C |                   | header          | <- rsp while the body is called
//!  | saved rbp             | <- rbp            | return address  |
//!  | header                | <- header.host    | frames of body  |
//!  |                       |                   |        v        |
//! ```
//!
//! The word below rbp is the activation's [`Record`](crate::stack::Record). Free to use at the entry of a C function, and so used
//! here, are rax, r10 and r11; rdi, rsi, rdx, rcx, r8, r9 and xmm0 to xmm7 carry the arguments.
//!
//! In place a front leaves rsp alone and ends in a jump into the body, which finds the arguments on the stack as C left them. How it changes
//! stacks stands in switch/x86_64.rs. An idle stack spares it another look at SP: nobody is on it.
//!
//! A compiled shim looks at the thread stack with an `asm!`. With room there it calls the body, of which the compiler makes a jump; otherwise it calls a
//! front in the same way. Such a front has no landing pad: it is reached by direct jumps only, from the one function it belongs to.

use core::ptr;

use crate::callback::Callback;
use crate::stack::{Header, Record};
use crate::switch::AFTER_CALL;

pub use crate::__guarded_callback_front_as_function as front_as_function;
pub use crate::stack::NO_STACK;
pub use crate::switch::call_body;
pub use crate::thread::hot::HOT;

/// The largest need that an instruction can hold. Callbacks that need more go the general way.
pub const LARGEST_NEED_BYTES: usize = 0x7fff_ffff;

/// Whether a front has made the record at this address. It pushes rbp and then the record, and at the entry of a function rsp is 8 above a
/// multiple of 16: so the record is, too, as no other one.
pub(crate) fn has_made(record: usize) -> bool {
    const { assert!(align_of::<Record>() == 16) };
    record % 16 == 8
}

/// The callback that the front has called a body of on this stack. The front has no time to note it: it stands behind the front's last
/// instruction, and the return address leads there. For the length of two instructions it is the one before; null where a tracer has put
/// an address of its own in that place.
pub(crate) fn callback_on(header: &Header) -> *const Callback {
    let return_address = header.top().cast::<*const u8>().wrapping_sub(1);
    // SAFETY: the word below the header belongs to the stack. The front has called from there, or nobody has yet: then it is zero.
    let end = unsafe { return_address.read_volatile() };
    // SAFETY: a return address lies in code, which can be read; ours is followed by these instructions and four bytes.
    if end.is_null() || unsafe { end.cast::<[u8; AFTER_CALL.len()]>().read() } != AFTER_CALL {
        return ptr::null();
    }
    let offset_at = end.wrapping_add(AFTER_CALL.len()).cast::<i32>();
    // SAFETY: as above.
    match unsafe { offset_at.read_unaligned() } {
        // `call_body` is told which callback it is.
        0 => header.callback.get(),
        offset => offset_at.cast::<Callback>().wrapping_byte_offset(offset as isize),
    }
}

/// A function whose front is the function itself, with [`__guarded_callback_front_as_function!`] in its braces; the other one is for targets without a front.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_function {
    ({ $($naked:tt)* } { $($compiled:tt)* }) => {
        #[unsafe(naked)]
        $($naked)*
    };
}

/// The body as a function, the general way as another, and the front.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front_as_function {
    (
        static $callback:ident = $description:expr;
        fn $body:ident = [$($body_function:tt)*]
        fn $general:ident = [$($general_function:tt)*]
        ($($argument:ty),*) -> $result:ty
    ) => {{
        static $callback: $crate::__private::Callback = $description;

        $($body_function)*

        $($general_function)*

        $crate::__guarded_callback_front_code! {
            $callback, $body, $general;
            value_bytes = 0 $(+ $crate::__private::core::mem::size_of::<$argument>())* + $crate::__private::core::mem::size_of::<$result>(),
            in_registers = $crate::__private::core::mem::size_of::<$result>() <= $crate::__private::SMALL_RESULT_BYTES
                && $crate::__guarded_callback_in_registers!($($argument),*; $result),
            looks = true,
        }
    }};
}

/// The code of a front: looks for room where SP is, and goes to the body, there or on the system stack, or the general way.
///
/// `looks`: whether this is the shim itself, so that nobody has looked at the thread stack before.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front_code {
    (
        $callback:ident, $body:path, $general:path;
        value_bytes = $value_bytes:expr,
        in_registers = $in_registers:expr,
        looks = $looks:literal,
    ) => {
        $crate::__private::core::arch::naked_asm!(
            ".cfi_startproc",
            // On one line of the processor's cache as far as it goes: as code happens to lie, the check alone takes one cycle or two (the row
            // `limit: check by hand` of the benchmark, which is not aligned).
            ".p2align 6",
            // Landing pad for processes with indirect branch tracking: C has a pointer to the shim.
            ".if {looks}",
            "endbr64",
            ".endif",
            ".if {needed} <= {largest}",
            // rax = where this thread's words lie, relative to fs.
            "mov rax, qword ptr [rip + {hot}.tls@GOTTPOFF]",
            // In place when SP is on the thread stack or on the system stack, with enough below.
            ".if {looks} && {stays}",
            $crate::__guarded_callback_jump_on_stack!("0", "8", "72", "{body}"),
            ".endif",
            $crate::__guarded_callback_jump_on_stack!("16", "24", "32", "{body}"),
            ".if {switches}",
            // r11 = header of this thread's system stack, to be taken when it is idle: then SP is not on it. One word for `always`, and
            // one for those who ask where the thread stack is.
            ".if {stays}",
            "mov r11, qword ptr fs:[rax + 40]",
            ".else",
            "mov r11, qword ptr fs:[rax + 48]",
            ".endif",
            "cmp qword ptr [r11 + 16], 0",
            "jne 4f",
            // Only stacks with the usual room are in these words.
            ".if {needed} > {usual}",
            "cmp qword ptr [r11 + 8], {needed}",
            "jb 4f",
            ".endif",
            // Only a function of a certain name may call upwards.
            "cmp rsp, r11",
            "jb 3f",
            ".cfi_remember_state",
            $crate::__guarded_callback_switch!("call {body}"),
            // Which callback it was: see `callback_on`.
            ".long {callback} - .",
            ".cfi_restore_state",
            "3:",
            "lea r10, [rip + {callback}]",
            "lea rax, [rip + {body}]",
            "jmp {call_body}",
            ".endif",
            ".endif",
            "4:",
            // Where the record of an activation from the same place lies, should a longjmp have abandoned it: so it is found dead.
            // The 128 bytes below rsp are the function's own.
            "mov qword ptr [rsp - 16], 0",
            "jmp {general}",
            ".cfi_endproc",
            $crate::__guarded_callback_hot!(),
            hot = sym $crate::__private::HOT,
            no_stack = sym $crate::__private::NO_STACK,
            needed = const $callback.needed_with($value_bytes),
            largest = const $crate::__private::LARGEST_NEED_BYTES,
            usual_need = const $crate::__private::Callback::USUAL_NEED_BYTES,
            has_usual_need = const $crate::__private::flag($callback.has_usual_need($value_bytes)),
            usual = const $crate::__private::USUAL_ROOM_BYTES,
            looks = const $crate::__private::flag($looks),
            stays = const $crate::__private::flag($callback.stays_on_thread_stack()),
            switches = const $crate::__private::flag($in_registers && $callback.may_switch()),
            callback = sym $callback,
            body = sym $body,
            general = sym $general,
            call_body = sym $crate::__private::call_body,
        )
    };
}

/// For one callback: the body as a C function, the general way as another, the naked function before both, and the call of it. The closure
/// is told whether it has a stack to run on; it never hears no but with a fallback.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front {
    (
        static $callback:ident = $description:expr;
        extern $abi:literal $body:ident($($parameter:ident: $ty:ident = $value:expr),*)
        if small($($perhaps_large:ty),*) in_registers($($argument:ty),*; $result:ty) else $general:block
    ) => {{
        static $callback: $crate::__private::Callback = $description;

        #[inline(never)]
        unsafe extern $abi fn __guarded_callback_body<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R>($($parameter: $ty),*) -> R {
            // SAFETY: the shim has made a value of this type, which has no size.
            let body = unsafe { $crate::__private::core::ptr::NonNull::<F>::dangling().read() };
            body(true, $($parameter),*)
        }

        unsafe extern $abi fn __guarded_callback_general<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R>($($parameter: $ty),*) -> R {
            // SAFETY: as above.
            let body = unsafe { $crate::__private::core::ptr::NonNull::<F>::dangling().read() };
            let bytes = const { 0 $(+ $crate::__private::core::mem::size_of::<$ty>())* };
            if const { $callback.has_fallback() } {
                $crate::__private::guard_told(&$callback, bytes, move |runs| body(runs, $($parameter),*))
            } else {
                $crate::__private::guard(&$callback, bytes, move || body(true, $($parameter),*))
            }
        }

        #[unsafe(naked)]
        unsafe extern $abi fn __guarded_callback_front<
            const IN_REGISTERS: $crate::__private::core::primitive::bool,
            $($ty,)*
            R,
            F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R,
        >($(_: $ty),*) -> R {
            $crate::__guarded_callback_front_code! {
                $callback, __guarded_callback_body::<$($ty,)* R, F>, __guarded_callback_general::<$($ty,)* R, F>;
                value_bytes = 0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>(),
                in_registers = IN_REGISTERS,
                looks = false,
            }
        }

        /// Whether SP is on the thread stack with enough room, which the code falls through to.
        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn __guarded_callback_has_room<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R>(_: &F, $(_: &$ty),*) -> $crate::__private::core::primitive::bool {
            // SAFETY: reads this thread's words and SP, and writes the two registers that are named.
            unsafe {
                $crate::__private::core::arch::asm!(
                    ".if {needed} <= {largest}",
                    // rax = where this thread's words lie, relative to fs.
                    "mov rax, qword ptr [rip + {hot}.tls@GOTTPOFF]",
                    $crate::__guarded_callback_compare!("0", "8", "72"),
                    "jae {not}",
                    ".if !{has_usual_need}",
                    "cmp r10, {needed}",
                    "jb {not}",
                    ".endif",
                    ".else",
                    "jmp {not}",
                    ".endif",
                    $crate::__guarded_callback_hot!(),
                    out("rax") _,
                    out("r10") _,
                    hot = sym $crate::__private::HOT,
                    no_stack = sym $crate::__private::NO_STACK,
                    needed = const $callback.needed_with(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>()),
                    largest = const $crate::__private::LARGEST_NEED_BYTES,
                    usual_need = const $crate::__private::Callback::USUAL_NEED_BYTES,
                    has_usual_need = const $crate::__private::flag($callback.has_usual_need(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>())),
                    not = label { return false },
                    options(nostack, readonly),
                )
            }
            true
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn __guarded_callback_in_place<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R>(_: F, $($parameter: $ty),*) -> R {
            // SAFETY: a value of F exists, which captures nothing.
            unsafe { __guarded_callback_body::<$($ty,)* R, F>($($parameter),*) }
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn __guarded_callback_through_front<
            const IN_REGISTERS: $crate::__private::core::primitive::bool,
            $($ty,)*
            R,
            F: $crate::__private::core::ops::FnOnce($crate::__private::core::primitive::bool, $($ty),*) -> R,
        >(_: F, $($parameter: $ty),*) -> R {
            const { $crate::__private::core::assert!($crate::__private::core::mem::size_of::<F>() == 0) };
            // SAFETY: a value of F exists, which captures nothing; IN_REGISTERS is true only where that is so.
            unsafe {
                if const { $crate::__private::core::mem::size_of::<R>() <= $crate::__private::SMALL_RESULT_BYTES } {
                    __guarded_callback_front::<IN_REGISTERS, $($ty,)* R, F>($($parameter),*)
                } else {
                    __guarded_callback_general::<$($ty,)* R, F>($($parameter),*)
                }
            }
        }

        if const { $crate::__private::are_small(&[$($crate::__private::core::mem::size_of::<$perhaps_large>()),*]) } {
            let in_registers = const { $crate::__guarded_callback_in_registers!($($argument),*; $result) };
            if const { $callback.stays_on_thread_stack() } && __guarded_callback_has_room(&$body, $(&$value),*) {
                __guarded_callback_in_place($body, $($value),*)
            } else if in_registers {
                __guarded_callback_through_front::<true, $($crate::__guarded_callback_hole!($ty),)* _, _>($body, $($value),*)
            } else {
                __guarded_callback_through_front::<false, $($crate::__guarded_callback_hole!($ty),)* _, _>($body, $($value),*)
            }
        } else {
            $general
        }
    }};
}

/// Sets the carry flag when SP is on a stack, with the usual need below. The words that hold it: where it begins, its room, its room less that need.
/// rax = where this thread's words lie; with another need, r10 = SP above the low end, to be compared.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_compare {
    ($low:literal, $room:literal, $room_above_need:literal) => {
        $crate::__private::core::concat!(
            ".if {has_usual_need}\n",
            // One comparison tells both ends: the word is the room less the need.
            "lea r10, [rsp - {usual_need}]\n",
            "sub r10, qword ptr fs:[rax + ",
            $low,
            "]\n",
            "cmp r10, qword ptr fs:[rax + ",
            $room_above_need,
            "]\n",
            ".else\n",
            "mov r10, rsp\n",
            "sub r10, qword ptr fs:[rax + ",
            $low,
            "]\n",
            "cmp r10, qword ptr fs:[rax + ",
            $room,
            "]\n",
            ".endif\n",
        )
    };
}

/// Jumps to a place when SP is on a stack, with enough room below. The words as above.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_jump_on_stack {
    ($low:literal, $room:literal, $room_above_need:literal, $to:literal) => {
        $crate::__private::core::concat!(
            $crate::__guarded_callback_compare!($low, $room, $room_above_need),
            ".if {has_usual_need}\n",
            "jb ",
            $to,
            "\n",
            ".else\n",
            "jae 2f\n",
            "cmp r10, {needed}\n",
            "jae ",
            $to,
            "\n",
            "2:\n",
            ".endif\n",
        )
    };
}

/// Whether values of these types all travel in registers.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_in_registers {
    ($($argument:ty),*; $result:ty) => {{
        // For types that are not `InRegister`, as slices are: so it is never unused.
        use $crate::__private::NotInRegister as _;
        const { $crate::__private::core::assert!(!$crate::__private::Probe::<[()]>::IN_REGISTER) };
        $crate::__private::in_registers(
            &[$($crate::__private::Probe::<$argument>::IN_REGISTER),*],
            $crate::__private::Probe::<$result>::IN_REGISTER,
        )
    }};
}

/// A type for the compiler to find.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_hole {
    ($_ty:ident) => {
        _
    };
}
