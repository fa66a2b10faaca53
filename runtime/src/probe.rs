//! Reading a word that may be anybody's by now, or in memory that is unmapped: a fault is an
//! answer.

use crate::cfg_if::cfg_if;
use crate::errno;

cfg_if! {
    if #[cfg(known_unix)] {
        #[path = "probe/mapped.rs"]
        mod mapped;
        #[cfg_attr(any(target_os = "linux", target_os = "android"), path = "probe/linux.rs")]
        #[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "probe/unix.rs")]
        mod imp;
    } else {
        #[cfg_attr(windows, path = "probe/windows.rs")]
        #[cfg_attr(not(windows), path = "probe/none.rs")]
        mod imp;
    }
}

/// Whether the word at `address` is `word`, as far as its low 32 bits tell. Async-signal-safe.
pub(crate) fn holds(address: usize, word: usize) -> bool {
    let before = errno::get();
    let holds = imp::holds(address, word);
    errno::set(before);
    holds
}

cfg_if! {
    if #[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))] {
        /// The same of any address, for certain: no where the system does not tell. Asked once, as
        /// others may map memory there or unmap it at any time.
        pub(crate) fn holds_for_certain(address: usize, word: usize) -> bool {
            let before = errno::get();
            let holds = imp::compare(address, word) == Some(true);
            errno::set(before);
            holds
        }
    } else {
        /// Where the word is read it faults if memory is mapped and cannot be accessed.
        pub(crate) fn holds_for_certain(_address: usize, _word: usize) -> bool {
            false
        }
    }
}
