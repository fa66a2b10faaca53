//! Where the compiler's own thread-locals are used, or what linker and loader make of them.

use super::Words;
use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(all(
        windows,
        any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "x86", target_env = "gnu", not(target_abi = "llvm")),
        ),
        not(miri),
    ))] {
        #[path = "image.rs"]
        mod image;
        #[allow(unused_imports, reason = "for the fast path")]
        pub use image::*;
        pub(crate) use image::words;
    } else {
        thread_local! {
            static WORDS: Words = const { Words::new() };
        }

        #[inline(always)]
        pub(crate) fn words() -> Option<&'static Words> {
            // SAFETY: the words live as long as the thread, and callers keep no reference across a
            // call of foreign code.
            WORDS.with(|words| Some(unsafe { &*core::ptr::from_ref(words) }))
        }
    }
}

pub(crate) use words as near_words;

pub(crate) fn place() -> usize {
    words().map_or(0, |words| core::ptr::from_ref(words).addr())
}

cfg_if! {
    if #[cfg(all(target_os = "freebsd", target_arch = "x86_64", not(miri)))] {
        #[path = "program.rs"]
        mod program;
        #[allow(unused_imports, reason = "for the fast path")]
        pub use program::{LOCATION, fast_path_finds};
        pub(crate) use program::find_place;
    } else {
        /// Nothing to find: the compiler knows the place.
        pub(crate) fn find_place(_key: Option<usize>) {}
    }
}

pub(crate) fn forget_place() {}
