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
//! Room on the thread stack is asked for by the shim itself, with an `asm!` that falls through to the call of the body: the compiler makes a jump of
//! that, and so nothing but a few instructions is between C and the body. What is not there goes on to the front.
//!
//! In place a front leaves rsp alone and ends in a jump into the body, which finds the arguments on the stack as C left them. How it changes
//! stacks stands in switch/x86_64.rs. That SP is on no idle stack spares it a second look at SP before.
//!
//! There is no landing pad: a front is reached by direct jumps and calls only, from the one function it belongs to.

/// The largest need that an instruction can hold. Callbacks that need more go the general way.
pub const LARGEST_NEED_BYTES: usize = 0x7fff_ffff;

/// Whether a front has made the record at this address. It pushes rbp and then the record, and at the entry of a function rsp is 8 above a
/// multiple of 16: so the record is, too, as no other one.
pub(crate) fn has_made(record: usize) -> bool {
    const { assert!(align_of::<Record>() == 16) };
    record % 16 == 8
}

use crate::stack::Record;

pub use crate::stack::NO_STACK;
pub use crate::switch::call_body;
pub use crate::thread::hot::HOT;

/// For one callback: the body as a C function, the general way as another, the naked function before both, and the call of it.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front {
    (
        static $callback:ident = $description:expr;
        $body:ident($($parameter:ident: $ty:ident = $value:expr),*)
        if small($($perhaps_large:ty),*) in_registers($($argument:ty),*; $result:ty) else $general:block
    ) => {{
        static $callback: $crate::__private::Callback = $description;

        #[inline(never)]
        unsafe extern "C" fn body_of<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>($($parameter: $ty),*) -> R {
            // SAFETY: the shim has made a value of this type, which has no size.
            let body = unsafe { $crate::__private::core::ptr::NonNull::<F>::dangling().read() };
            body($($parameter),*)
        }

        unsafe extern "C" fn general_way<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>($($parameter: $ty),*) -> R {
            // SAFETY: as above.
            let body = unsafe { $crate::__private::core::ptr::NonNull::<F>::dangling().read() };
            let bytes = const { 0 $(+ $crate::__private::core::mem::size_of::<$ty>())* };
            $crate::__private::guard(&$callback, bytes, move || body($($parameter),*))
        }

        #[unsafe(naked)]
        unsafe extern "C" fn front<
            const IN_REGISTERS: bool,
            $($ty,)*
            R,
            F: $crate::__private::core::ops::FnOnce($($ty),*) -> R,
        >($(_: $ty),*) -> R {
            $crate::__private::core::arch::naked_asm!(
                ".cfi_startproc",
                // The function begins a section of its own, and so on a line that the processor fetches whole.
                ".p2align 5",
                ".if {needed} <= {largest}",
                // rax = where this thread's words lie, relative to fs.
                "mov rax, qword ptr [rip + {hot}.tls@GOTTPOFF]",
                // In place when SP is on the system stack with enough below.
                ".if {has_usual_need}",
                // One comparison tells both ends: the word is the room less the need.
                "lea r10, [rsp - {usual_need}]",
                "sub r10, qword ptr fs:[rax + 16]",
                "cmp r10, qword ptr fs:[rax + 32]",
                "jb {body}",
                // A difference beyond all addresses is that of an SP below.
                "js 3f",
                ".else",
                "mov r10, rsp",
                "sub r10, qword ptr fs:[rax + 16]",
                // SP is below the system stack.
                "jb 3f",
                "cmp r10, qword ptr fs:[rax + 24]",
                "jae 2f",
                "cmp r10, {needed}",
                "jae {body}",
                "jmp 4f",
                "2:",
                ".endif",
                // SP is above the system stack: onto it, when it is idle.
                ".if {switches}",
                $crate::__guarded_callback_take!(),
                ".cfi_remember_state",
                $crate::__guarded_callback_switch!("call {body}"),
                ".cfi_restore_state",
                // SP is below the system stack, or on it without enough room, and then it is not idle. Only a function of a certain
                // name may call upwards.
                "3:",
                $crate::__guarded_callback_take!(),
                "lea rax, [rip + {body}]",
                "jmp {call_body}",
                ".else",
                "3:",
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
                needed = const $callback.needed_with(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>()),
                largest = const $crate::__private::LARGEST_NEED_BYTES,
                usual_need = const $crate::__private::Callback::USUAL_NEED_BYTES,
                has_usual_need = const $callback.has_usual_need(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>()) as usize,
                usual = const $crate::__private::USUAL_ROOM_BYTES,
                stays = const $callback.stays_on_thread_stack() as usize,
                switches = const (IN_REGISTERS && $callback.may_switch()) as usize,
                callback = sym $callback,
                body = sym body_of::<$($ty,)* R, F>,
                general = sym general_way::<$($ty,)* R, F>,
                call_body = sym $crate::__private::call_body,
            )
        }

        /// Whether SP is on the thread stack with enough room.
        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn has_room<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>(_: &F, $(_: &$ty),*) -> bool {
            // SAFETY: reads this thread's words and SP, and writes the two registers that are named.
            unsafe {
                $crate::__private::core::arch::asm!(
                    ".if {needed} <= {largest}",
                    // rax = where this thread's words lie, relative to fs.
                    "mov rax, qword ptr [rip + {hot}.tls@GOTTPOFF]",
                    ".if {has_usual_need}",
                    // One comparison tells both ends: the word is the room less the need.
                    "lea r10, [rsp - {usual_need}]",
                    "sub r10, qword ptr fs:[rax]",
                    "cmp r10, qword ptr fs:[rax + 72]",
                    "jae {elsewhere}",
                    ".else",
                    // r10 = SP above the low end of the thread stack.
                    "mov r10, rsp",
                    "sub r10, qword ptr fs:[rax]",
                    "cmp r10, qword ptr fs:[rax + 8]",
                    "jae {elsewhere}",
                    "cmp r10, {needed}",
                    "jb {elsewhere}",
                    ".endif",
                    ".else",
                    "jmp {elsewhere}",
                    ".endif",
                    $crate::__guarded_callback_hot!(),
                    out("rax") _,
                    out("r10") _,
                    hot = sym $crate::__private::HOT,
                    no_stack = sym $crate::__private::NO_STACK,
                    needed = const $callback.needed_with(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>()),
                    largest = const $crate::__private::LARGEST_NEED_BYTES,
                    usual_need = const $crate::__private::Callback::USUAL_NEED_BYTES,
                    has_usual_need = const $callback.has_usual_need(0 $(+ $crate::__private::core::mem::size_of::<$ty>())* + $crate::__private::core::mem::size_of::<R>()) as usize,
                    elsewhere = label { return false },
                    options(nostack, readonly),
                )
            }
            true
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn in_place<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>(_: F, $($parameter: $ty),*) -> R {
            // SAFETY: a value of F exists, which captures nothing.
            unsafe { body_of::<$($ty,)* R, F>($($parameter),*) }
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the callback has")]
        #[inline(always)]
        fn through_front<
            const IN_REGISTERS: bool,
            $($ty,)*
            R,
            F: $crate::__private::core::ops::FnOnce($($ty),*) -> R,
        >(_: F, $($parameter: $ty),*) -> R {
            const { $crate::__private::core::assert!($crate::__private::core::mem::size_of::<F>() == 0) };
            // SAFETY: a value of F exists, which captures nothing; IN_REGISTERS is true only where that is so.
            unsafe {
                if const { $crate::__private::core::mem::size_of::<R>() <= $crate::__private::SMALL_RESULT_BYTES } {
                    front::<IN_REGISTERS, $($ty,)* R, F>($($parameter),*)
                } else {
                    general_way::<$($ty,)* R, F>($($parameter),*)
                }
            }
        }

        if const { $crate::__private::are_small(&[$($crate::__private::core::mem::size_of::<$perhaps_large>()),*]) } {
            if const { $callback.stays_on_thread_stack() } && has_room(&$body, $(&$value),*) {
                in_place($body, $($value),*)
            } else if const {
                #[allow(unused_imports, reason = "types may all be those that it is not for")]
                use $crate::__private::NotInRegister as _;
                $crate::__private::in_registers(
                    &[$($crate::__private::Probe::<$argument>::IN_REGISTER),*],
                    $crate::__private::Probe::<$result>::IN_REGISTER,
                )
            } {
                through_front::<true, $($crate::__guarded_callback_hole!($ty),)* _, _>($body, $($value),*)
            } else {
                through_front::<false, $($crate::__guarded_callback_hole!($ty),)* _, _>($body, $($value),*)
            }
        } else {
            $general
        }
    }};
}

/// r11 = header of this thread's system stack, r10 = the callback; to label 4 unless the stack is idle.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_take {
    () => {
        $crate::__private::core::concat!(
            // One word for `always`, and one for those who ask where the thread stack is.
            ".if {stays}\n",
            "mov r11, qword ptr fs:[rax + 40]\n",
            ".else\n",
            "mov r11, qword ptr fs:[rax + 48]\n",
            ".endif\n",
            "cmp qword ptr [r11 + 16], 0\n",
            "jne 4f\n",
            // Only stacks with the usual room are in these words.
            ".if {needed} > {usual}\n",
            "cmp qword ptr [r11 + 8], {needed}\n",
            "jb 4f\n",
            ".endif\n",
            "lea r10, [rip + {callback}]\n",
        )
    };
}

/// A type for the compiler to find.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_hole {
    ($_ty:ident) => {
        _
    };
}
