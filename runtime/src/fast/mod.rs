//! The fast path: the usual decisions in a few instructions, taken with the arguments still where C
//! has put them.
//!
//! With room on the thread stack (not for `switch = always`), or on the system stack that the
//! thread used last, it jumps into the body, so that nothing lies between C and the body. On the
//! thread stack, with that system stack idle, it changes stacks and calls the body there, with what
//! may be arguments on the stack copied. In every other case it jumps to the slow function beside
//! it, which knows all cases.
//!
//! One file for each architecture and calling convention. It has the assembly, and says where that
//! keeps the record of an activation and which arguments travel in registers. What all have in
//! common is in made.rs, what debuggers read of it in lines.rs, and what those of one architecture
//! have in decide_x86_64.rs and decide_aarch64.rs. How a thread's words are found differs by
//! system, and is told in thread/tls/. With the features `stats` and `asan` there is no fast path:
//! the compiled way counts, and tells the sanitizer.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(all(
        any(
            target_os = "linux",
            target_vendor = "apple",
            windows,
            all(target_os = "freebsd", target_arch = "x86_64"),
        ),
        any(target_arch = "x86_64", target_arch = "aarch64"),
        target_pointer_width = "64",
        not(any(miri, feature = "stats", feature = "asan")),
    ))] {
        mod made;
        #[cfg_attr(all(target_arch = "x86_64", not(windows)), path = "x86_64.rs")]
        #[cfg_attr(all(target_arch = "x86_64", windows), path = "windows_x86_64.rs")]
        #[cfg_attr(all(target_arch = "aarch64", not(windows)), path = "aarch64.rs")]
        #[cfg_attr(all(target_arch = "aarch64", windows), path = "windows_aarch64.rs")]
        mod imp;
        #[cfg(target_arch = "x86_64")]
        mod decide_x86_64;
        #[cfg(target_arch = "x86_64")]
        pub(crate) use decide_x86_64::{decide, decide_elsewhere, look_at_home, segment};
        #[cfg(target_arch = "aarch64")]
        mod decide_aarch64;
        #[cfg(target_arch = "aarch64")]
        pub(crate) use decide_aarch64::{
            claim, decide, decide_elsewhere, look_at_home, move_to_home,
        };
        pub(crate) use imp::assembly;
        #[cfg(windows)]
        mod windows;
        #[cfg(windows)]
        pub(crate) use windows::{OTHER, OWN, assemble, personality};
        #[cfg(not(windows))]
        mod lines;
        #[cfg(not(windows))]
        pub(crate) use lines::lines;
        #[cfg(not(windows))]
        pub(crate) use made::{_Unwind_Resume, assemble, near, personality};
        pub(crate) use crate::thread::tls::fast_path_finds as has_looked;
        pub(crate) use made::{
            Arguments, Asked, EXISTS, SWITCHES_UP, describe, fast_path, has_made, left_at,
        };
        macro_rules! if_fast_path {
            ({ $($items:item)* } else { $($_others:item)* }) => { $($items)* };
        }
    } else {
        mod none;
        pub(crate) use none::{EXISTS, SWITCHES_UP, has_looked, has_made, left_at};
        macro_rules! if_fast_path {
            ({ $($_others:item)* } else { $($items:item)* }) => { $($items)* };
        }
    }
}
/// The first items on targets with a fast path, the second ones on all others.
pub(crate) use if_fast_path;

use core::ffi::c_void;
use core::sync::atomic::Ordering::Relaxed;

use crate::callback::Callback;
use crate::stack::Header;

/// The callback whose body runs on the stack.
pub(crate) fn running(header: &Header) -> Option<&'static Callback> {
    if !has_made(header.record()?) {
        // SAFETY: null, or what `claim` has noted before the record: callbacks are static.
        return unsafe { header.callback.load(Relaxed).as_ref() };
    }
    let at = header.description.load(Relaxed);
    if at.is_null() {
        return None;
    }
    // SAFETY: not null, so it was written by the fast path: the address of `describe` of this
    // callback, or of a jump to it. Code stays.
    unsafe { Some(core::mem::transmute::<*mut c_void, extern "C" fn() -> &'static Callback>(at)()) }
}
