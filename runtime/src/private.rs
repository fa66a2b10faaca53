//! The one door for expanded code. Nothing here is for people: names and shapes follow the macro
//! crate, which is pinned to this version.

pub use core::{concat, module_path};

pub use crate::__guarded_callback_choose as choose;
pub use crate::callback::{Callback, Describe, Foreign, Mode};
pub use crate::entry::{c, c_unwind, compiled, compiled_unwind, described};

/// "system" is "C" but on 32-bit Windows.
#[cfg(not(all(windows, target_arch = "x86")))]
pub use crate::entry::{c as system, c_unwind as system_unwind};
#[cfg(all(windows, target_arch = "x86"))]
pub use crate::entry::{compiled as system, compiled_unwind as system_unwind};

/// Which of the function and its guarded twin there is. For clippy and rustdoc, which run nothing,
/// it is the function as written, or the third form where there is one.
#[cfg(not(guarded_callback_off))]
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_choose {
    ({ $($original:tt)* } { $($guarded:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $($original)*
        #[cfg(not(any(clippy, doc)))]
        $($guarded)*
    };
    ({ $($original:tt)* } { $($guarded:tt)* } { $($mentioning:tt)* }) => {
        #[cfg(any(clippy, doc))]
        $($mentioning)*
        #[cfg(not(any(clippy, doc)))]
        $($guarded)*
    };
}

/// Off: the function as written.
#[cfg(guarded_callback_off)]
#[macro_export]
#[doc(hidden)]
macro_rules! __guarded_callback_choose {
    ({ $($original:tt)* } $($others:tt)*) => { $($original)* };
}
