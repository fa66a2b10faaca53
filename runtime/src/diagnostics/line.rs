//! A line for standard error that is composed without allocating and written at once: usable in a signal handler.

use core::fmt::{self, Write};

/// The longest text, without the line feed that ends one that was cut.
const MOST_BYTES: usize = 1023;

/// Text that fits is kept, the rest is cut.
pub(crate) struct LineBuf {
    bytes: [u8; MOST_BYTES + 1],
    len: usize,
}

impl Write for LineBuf {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..MOST_BYTES];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        Ok(())
    }
}

impl LineBuf {
    pub(crate) const fn new() -> Self {
        Self { bytes: [b'\n'; MOST_BYTES + 1], len: 0 }
    }

    /// What was written, with a line feed where it was cut.
    fn text(&self) -> &[u8] {
        &self.bytes[..if self.len < MOST_BYTES { self.len } else { MOST_BYTES + 1 }]
    }

    #[cfg(unix)]
    pub(crate) fn print(&self) {
        // SAFETY: a valid text; a failing write to standard error can be told to nobody.
        unsafe { libc::write(2, self.text().as_ptr().cast(), self.text().len()) };
    }

    #[cfg(windows)]
    pub(crate) fn print(&self) {
        use windows_sys::Win32::Storage::FileSystem::WriteFile;
        use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE};
        let (text, mut written) = (self.text(), 0);
        // SAFETY: a valid text; a failing write to standard error can be told to nobody.
        unsafe {
            let handle = GetStdHandle(STD_ERROR_HANDLE);
            WriteFile(handle, text.as_ptr(), text.len() as u32, &raw mut written, core::ptr::null_mut());
        }
    }

    #[cfg(not(any(unix, windows)))]
    pub(crate) fn print(&self) {
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(self.text());
    }
}

/// A size for people.
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1_048_576.. if self.0.is_multiple_of(1_048_576) => write!(f, "{} MiB", self.0 >> 20),
            1_024.. if self.0.is_multiple_of(1_024) => write!(f, "{} KiB", self.0 >> 10),
            0..10_240 => write!(f, "{} B", self.0),
            10_240..10_485_760 => write!(f, "{} KiB", self.0 >> 10),
            _ => write!(f, "{} MiB", self.0 >> 20),
        }
    }
}
