//! Windows: the words lie where the linker and the loader put thread-locals, and are found without
//! the compiler.
//!
//! So the fast path can name them. And on GNU targets the compiler has no thread-locals of its own:
//! there the standard library allocates at first use and refuses access when the thread ends. The
//! loader copies the section `.tls` for each thread, before any code of this image runs there.

use core::arch::asm;

use super::Words;

unsafe extern "C" {
    /// The number of this image's block among the thread's, from the C runtime.
    #[link_name = "_tls_index"]
    pub static tls_index: u32;
    /// Where what the loader copies begins, from the same.
    #[cfg(all(target_env = "gnu", not(target_arch = "aarch64")))]
    #[link_name = "_tls_start"]
    pub static tls_start: u8;
}

/// What the loader copies. Nobody uses it in place. The linker sorts by what follows the `$`, and
/// the C runtime's `ZZZ` ends what is copied.
// SAFETY: the section is for data that can be copied, as words without a thread can.
#[unsafe(link_section = ".tls$GUARDED")]
pub static TEMPLATE: Words = Words::new();

/// rax or eax = the address of the calling thread's words: the TEB points to a row of blocks, in
/// which this image has a number, and the words lie as far in the block as in what is copied. Uses
/// r10 or ecx.
#[cfg(target_arch = "x86_64")]
macro_rules! find_words {
    () => {
        concat!(
            "mov eax, dword ptr [rip + {index}]
            mov r10, qword ptr gs:[0x58]
            mov rax, qword ptr [r10 + 8 * rax]
            ",
            $crate::thread::tls::add_distance!()
        )
    };
}
#[cfg(target_arch = "x86")]
macro_rules! find_words {
    () => {
        "mov eax, dword ptr [{index}]
        mov ecx, dword ptr fs:[0x2C]
        mov eax, dword ptr [ecx + 4 * eax]
        add eax, offset {template}
        sub eax, offset {start}"
    };
}

/// The same: x16 = the address. Uses x17.
#[cfg(target_arch = "aarch64")]
macro_rules! find_words {
    () => {
        "adrp x17, {index}
        ldr w17, [x17, :lo12:{index}]
        ldr x16, [x18, #0x58]
        ldr x16, [x16, x17, lsl #3]
        add x16, x16, :secrel_hi12:{template}
        add x16, x16, :secrel_lo12:{template}"
    };
}

/// The linker knows the distance, but ld of binutils 2.40 has the loader add to it what it adds to
/// addresses in an image that is not loaded where it was linked for.
#[cfg(all(target_arch = "x86_64", not(target_env = "gnu")))]
macro_rules! add_distance {
    () => {
        "lea rax, [rax + {template}@SECREL32]"
    };
}
/// Hence the difference of two addresses.
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
macro_rules! add_distance {
    () => {
        "lea r10, [rip + {template}]
        add rax, r10
        lea r10, [rip + {start}]
        sub rax, r10"
    };
}
#[cfg(target_arch = "x86_64")]
pub(crate) use add_distance;

/// Assembly that finds the words, with the operands for that.
#[cfg(all(target_env = "gnu", not(target_arch = "aarch64")))]
macro_rules! with_words {
    ($($asm:ident)::+ ! [$code:expr, $($operands:tt)*]) => {
        $($asm)::+!(
            $code,
            template = sym $crate::thread::tls::TEMPLATE,
            index = sym $crate::thread::tls::tls_index,
            start = sym $crate::thread::tls::tls_start,
            $($operands)*
        )
    };
}
#[cfg(not(all(target_env = "gnu", not(target_arch = "aarch64"))))]
macro_rules! with_words {
    ($($asm:ident)::+ ! [$code:expr, $($operands:tt)*]) => {
        $($asm)::+!(
            $code,
            template = sym $crate::thread::tls::TEMPLATE,
            index = sym $crate::thread::tls::tls_index,
            $($operands)*
        )
    };
}
#[allow(unused_imports, reason = "for the fast path")]
pub(crate) use {find_words, with_words};

#[allow(dead_code, reason = "for the fast path")]
#[inline(always)]
pub fn fast_path_finds() -> bool {
    true
}

#[inline(always)]
pub(crate) fn words() -> Option<&'static Words> {
    let words: *const Words;
    // SAFETY: reads what the loader has written before any code of this image runs on the thread.
    // Not `pure`, as the thread may be another one next time.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        with_words! { asm![
            find_words!(), out("rax") words, out("r10") _, options(nostack, readonly),
        ] };
        #[cfg(target_arch = "aarch64")]
        with_words! { asm![
            find_words!(), out("x16") words, out("x17") _, options(nostack, readonly),
        ] };
        #[cfg(target_arch = "x86")]
        with_words! { asm![
            find_words!(), out("eax") words, out("ecx") _, options(nostack, readonly),
        ] };
    }
    // SAFETY: the calling thread's copy, which lives as long as the thread; callers keep no
    // reference across a call of foreign code.
    Some(unsafe { &*words })
}
