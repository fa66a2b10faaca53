//! Lines for standard error that are composed without allocating and written at once: usable in a
//! signal handler, and at the end of a process.

use core::fmt::{self, Write};

use crate::cfg_if::cfg_if;

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

    /// Writes the text to standard error, with a line feed where it was cut. A failing write can be
    /// told to nobody.
    pub(crate) fn print(&self) {
        let bytes = if self.len < MOST_BYTES { self.len } else { MOST_BYTES + 1 };
        if bytes != 0 {
            write(&self.bytes[..bytes]);
        }
    }
}

cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "android"))] {
        /// Asks the kernel directly, as a thread may be cancelled in `write`. The signal of a pipe
        /// that nobody reads, or of a file that is as large as it may be, is taken back.
        fn write(text: &[u8]) {
            let now = [0 as libc::c_long; 2];
            let _blocked = crate::thread::signal_mask::Blocked::all();
            // SAFETY: a valid text; a mask, nobody to tell of the signal, and no time to wait.
            unsafe {
                if libc::syscall(libc::SYS_write, 2, text.as_ptr(), text.len()) < 0 {
                    let signal = match crate::errno::get() {
                        libc::EPIPE => libc::SIGPIPE,
                        libc::EFBIG => libc::SIGXFSZ,
                        _ => return,
                    };
                    let (mask, nobody) = (1_u64 << (signal - 1), core::ptr::null_mut::<u8>());
                    let bytes = size_of_val(&mask);
                    libc::syscall(libc::SYS_rt_sigtimedwait, &mask, nobody, &now, bytes);
                }
            }
        }
    } else if #[cfg(unix)] {
        fn write(text: &[u8]) {
            // SAFETY: a valid text.
            unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
        }
    } else if #[cfg(windows)] {
        fn write(text: &[u8]) {
            use windows_sys::Win32::Storage::FileSystem::WriteFile;
            use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE};
            let mut written = 0;
            // SAFETY: a valid text, and room for the number of bytes written.
            unsafe {
                let handle = GetStdHandle(STD_ERROR_HANDLE);
                let (text, bytes) = (text.as_ptr(), text.len() as u32);
                WriteFile(handle, text, bytes, &raw mut written, core::ptr::null_mut());
            }
        }
    } else {
        fn write(text: &[u8]) {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text);
        }
    }
}

/// A size for people, rounded down: exact up to 10 KiB, in KiB up to 4 MiB.
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            bytes @ 0x10_0000.. if bytes % 0x10_0000 == 0 => write!(f, "{} MiB", bytes >> 20),
            bytes @ 0x400..0x40_0000 if bytes % 0x400 == 0 => write!(f, "{} KiB", bytes >> 10),
            bytes @ 0..1000 => write!(f, "{bytes} bytes"),
            bytes @ 1000..0x2800 => write!(f, "{},{:03} bytes", bytes / 1000, bytes % 1000),
            bytes @ 0x2800..0x40_0000 => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20),
        }
    }
}
