//! The alternate signal stack of the calling thread, as the kernel knows it.

use crate::cfg_if::if_known_unix;

// tvOS and watchOS forbid sigaltstack.
if_known_unix! { {
    #[cfg_attr(not(any(target_os = "tvos", target_os = "watchos")), path = "signal_stack/unix.rs")]
    #[cfg_attr(any(target_os = "tvos", target_os = "watchos"), path = "signal_stack/none.rs")]
    mod imp;
} else {
    #[path = "signal_stack/none.rs"]
    mod imp;
} }
pub(crate) use imp::{Setting, current};
