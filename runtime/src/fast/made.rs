//! What the fast paths of all architectures have in common: the function that they are, the
//! activations that they have made, and how many words of arguments they copy.

#[cfg(not(windows))]
use core::ffi::c_void;
use core::marker::PhantomData;

use super::imp;
use crate::callback::{Callback, Describe, Mode};
use crate::stack::Record;

/// The most words of arguments on the stack that the fast path copies to another stack.
const MOST_STACK_WORDS: usize = 32;

/// The target has a fast path.
pub(crate) const EXISTS: bool = true;

/// Whether the fast path may change to a stack that lies above. gdb believes that of no function
/// but one (switch/mod.rs); the debuggers of Apple's systems ask for nothing of the kind. On
/// Windows the fast path itself looks whether it may.
pub(crate) const SWITCHES_UP: bool = cfg!(any(target_vendor = "apple", windows));

/// Whether the fast path has made the record at this address: 8 above a multiple of 16, as no
/// other.
pub(crate) fn has_made(record: usize) -> bool {
    const { assert!(align_of::<Record>() == 16) };
    record % 16 == 8
}

/// Where the activation with this record has left the calling stack.
pub(crate) fn left_at(record: usize) -> usize {
    record - imp::RECORD_AT
}

/// The description of a callback as a function, which has a symbol.
pub(crate) extern "C" fn describe<D: Describe>() -> &'static Callback {
    const { &D::CALLBACK }
}

#[cfg(not(windows))]
unsafe extern "C-unwind" {
    /// Goes on with an unwinding, above the frame that its return address leads to.
    pub(crate) fn _Unwind_Resume(exception: *mut c_void) -> !;
}

/// The personality routine of the fast path: a panic, an exception or a forced unwinding out of the
/// body goes on in the code that stands behind the description, which leaves the stack idle. An
/// asynchronous unwinding from another instruction is passed on.
#[cfg(not(windows))]
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
    // its code, before the description. Register 0 is rax or x0.
    unsafe {
        let pad = imp::landing_pad(_Unwind_GetIP(context));
        let Some(pad) = pad.filter(|_| actions & SEARCH_PHASE == 0) else {
            return CONTINUE_UNWIND;
        };
        _Unwind_SetGR(context, 0, exception.addr());
        _Unwind_SetIP(context, pad);
    }
    INSTALL_CONTEXT
}

/// What the instructions name of `location` and `personality`, other symbols of the runtime, and no
/// linker can bind to another library than their own: a dylib exports both, and the program that
/// uses it may have instructions of its own. So each has, as compilers do it for personality
/// routines, a pointer to the one, and a copy of the other, which stays zero where the runtime is
/// elsewhere: then the slow path answers.
#[cfg(not(any(target_vendor = "apple", windows)))]
macro_rules! near {
    ("location") => {
        "{location}.near"
    };
    ("personality") => {
        "DW.ref.{personality}"
    };
    () => {
        concat!(
            $crate::thread::tls::near_location!(),
            "
            .ifndef DW.ref.{personality}
            .pushsection .data.DW.ref.{personality},\"awG\",@progbits,DW.ref.{personality},comdat
            .weak DW.ref.{personality}
            .hidden DW.ref.{personality}
            .type DW.ref.{personality}, %object
            .size DW.ref.{personality}, 8
            .p2align 3
            DW.ref.{personality}:
            .quad {personality}
            .popsection
            .endif
            "
        )
    };
}
#[cfg(target_vendor = "apple")]
macro_rules! near {
    ("location") => {
        "{location}"
    };
    ("personality") => {
        "{personality}"
    };
    () => {
        ""
    };
}
#[cfg(not(windows))]
pub(crate) use near;

/// The instructions, with the operands of these systems. Windows has its own.
#[cfg(not(windows))]
macro_rules! assemble {
    ([$($this:tt)*] $($operands:tt)*) => {
        core::arch::naked_asm!(
            "30:",
            $crate::fast::assembly!(),
            "31:",
            $crate::fast::lines!(),
            $crate::fast::near!(),
            has_lines = const (cfg!(debug_assertions) && !cfg!(target_vendor = "apple")) as usize,
            line = const line!(),
            is_apple = const cfg!(target_vendor = "apple") as usize,
            location = sym crate::thread::tls::LOCATION,
            resume = sym crate::fast::_Unwind_Resume,
            $($operands)*
        )
    };
}
#[cfg(not(windows))]
pub(crate) use assemble;

/// Defines the naked function `$name`, which decides for a callback with these arguments and goes
/// on in `$body`, there or on the system stack, or in `$slow`. All three take the same arguments.
macro_rules! fast_path {
    (
        extern $abi:literal fn $name:ident<[$($generic:ident),*] $($argument:ident),*>
        where [$($bounds:tt)*] body = $($body:ident)::+, slow = $slow:ident
    ) => {
        /// # Safety
        /// As for the body.
        #[unsafe(naked)]
        unsafe extern $abi fn $name<D, $($generic,)* $($argument,)* R>(
            $(_: $argument),*
        ) -> R
        where
            $($bounds)*
        {
            $crate::fast::assemble! {
                [$name::<D, $($generic,)* $($argument,)* R>]
                is_fast = const Asked::<D, ($($argument,)*), R>::IS_FAST as usize,
                stays = const Asked::<D, ($($argument,)*), R>::STAYS as usize,
                switches = const Asked::<D, ($($argument,)*), R>::SWITCHES as usize,
                words = const Asked::<D, ($($argument,)*), R>::WORDS,
                usual = const crate::callback::USUAL_BYTES,
                needed = const Asked::<D, ($($argument,)*), R>::BYTES,
                room = const crate::stack::ROOM_BYTES,
                describe = sym crate::fast::describe::<D>,
                personality = sym crate::fast::personality,
                body = sym $($body)::+::<$($generic,)* $($argument,)* R>,
                slow = sym $slow::<D, $($generic,)* $($argument,)* R>,
            }
        }
    };
}
pub(crate) use fast_path;

/// The types of a callback's arguments: a tuple of them.
pub(crate) trait Arguments {
    /// Their sizes and alignments.
    const LAYOUTS: &'static [(usize, usize)];
}

/// What the instructions are made for: a callback with arguments and a result of these types.
pub(crate) struct Asked<D, A, R>(PhantomData<(D, A, R)>);

impl<D: Describe, A: Arguments, R> Asked<D, A, R> {
    const COPIED: Option<usize> = words_to_copy(A::LAYOUTS, (size_of::<R>(), align_of::<R>()));

    pub(crate) const BYTES: usize = D::CALLBACK.needed_with(size_of::<A>() + size_of::<R>());
    pub(crate) const IS_FAST: bool = Self::BYTES <= imp::MOST_NEEDED_BYTES;
    pub(crate) const STAYS: bool = !matches!(D::CALLBACK.mode, Mode::Always);
    pub(crate) const SWITCHES: bool =
        Self::COPIED.is_some() && !matches!(D::CALLBACK.mode, Mode::Never);
    pub(crate) const WORDS: usize = match Self::COPIED {
        Some(words) => words,
        None => 0,
    };
}

/// How many words at most the arguments with these sizes and alignments take on the stack, an even
/// number; `None` where they are too many, or one needs to lie at more than a multiple of 16.
///
/// Which travel where is C's affair and cannot be told from types that are parameters; so all count
/// that could be there.
const fn words_to_copy(arguments: &[(usize, usize)], result: (usize, usize)) -> Option<usize> {
    const WORD: usize = size_of::<usize>();
    let (mut words, mut registers, mut at) = (0, imp::registers_for_result(result.0, result.1), 0);
    while at < arguments.len() {
        let (bytes, align) = arguments[at];
        let (bytes, align) =
            if imp::is_by_reference(bytes, align) { (WORD, WORD) } else { (bytes, align) };
        if align > 2 * WORD {
            return None;
        }
        registers += if bytes == 0 {
            0
        } else if is_register(bytes, align) {
            1
        } else {
            imp::COMPOSITE_REGISTERS
        };
        words += bytes.div_ceil(WORD) + (align > WORD) as usize;
        at += 1;
    }
    if registers <= imp::REGISTERS {
        Some(0)
    } else if words <= MOST_STACK_WORDS {
        Some(words.next_multiple_of(2))
    } else {
        None
    }
}

/// Whether a value of this size and alignment travels in a register as long as there are registers.
/// Others are perhaps split, or lie in memory: a packed structure, say.
pub(super) const fn is_register(bytes: usize, align: usize) -> bool {
    matches!(bytes, 1 | 2 | 4 | 8) && align == bytes || bytes == 0
}
