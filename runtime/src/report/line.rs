//! A line for standard error that is composed without allocating and written at once: usable in a signal handler.

use core::fmt::{self, Write};

/// Text that fits is kept, the rest is cut.
pub(crate) struct Line {
    bytes: [u8; 1024],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        Ok(())
    }
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    #[cfg(unix)]
    pub(crate) fn print(&self) {
        // SAFETY: the first `len` bytes are initialised; a failing write to standard error can be told to nobody.
        unsafe { libc::write(2, self.bytes.as_ptr().cast(), self.len) };
    }

    #[cfg(not(unix))]
    pub(crate) fn print(&self) {
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(&self.bytes[..self.len]);
    }
}
