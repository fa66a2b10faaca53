//! Signals are blocked while the slow path works, so that no handler finds the runtime halfway.
//!
//! But for those that the kernel raises for an instruction or a system call, which a sandbox or a
//! collector handles: it kills a process that blocks one of them. What such a handler calls
//! meanwhile runs in place (slow_path.rs).

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(known_unix)] {
        #[path = "signal_mask/unix.rs"]
        mod imp;
    } else {
        #[path = "signal_mask/none.rs"]
        mod imp;
    }
}
pub(crate) use imp::Blocked;
