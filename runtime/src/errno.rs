//! errno, or the last error on Windows, which C may look at before and after a callback: the slow
//! path puts it back as it was.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(known_unix)] {
        #[path = "errno/unix.rs"]
        mod imp;
    } else {
        #[cfg_attr(windows, path = "errno/windows.rs")]
        #[cfg_attr(not(windows), path = "errno/none.rs")]
        mod imp;
    }
}
pub(crate) use imp::{get, set};
