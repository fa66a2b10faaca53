//! The alternate signal stack of the calling thread, as the kernel knows it.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(any(target_os = "tvos", target_os = "watchos"))] {
        // Which forbid sigaltstack.
        #[path = "signal_stack/none.rs"]
        mod imp;
    } else if #[cfg(known_unix)] {
        #[path = "signal_stack/unix.rs"]
        mod imp;
    } else {
        #[path = "signal_stack/none.rs"]
        mod imp;
    }
}
pub(crate) use imp::{Setting, current};
