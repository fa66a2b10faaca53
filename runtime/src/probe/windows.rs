//! ReadProcessMemory of the process itself.

use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// The system reads the word, or says that it cannot.
pub(crate) fn holds(address: usize, word: usize) -> bool {
    let (mut read, mut bytes) = (0_usize, 0);
    // SAFETY: there is room for a word.
    let result = unsafe {
        ReadProcessMemory(
            GetCurrentProcess(),
            core::ptr::without_provenance(address),
            (&raw mut read).cast(),
            size_of::<usize>(),
            &raw mut bytes,
        )
    };
    result != 0 && bytes == size_of::<usize>() && read == word
}
