//! Systems without POSIX signals: no report.

pub(crate) fn install() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg_attr(not(any(unix, windows)), allow(dead_code, reason = "called where libraries can be unloaded"))]
pub(crate) fn uninstall() {}

pub(crate) fn cover_thread(_first: &crate::stack::Header) {}

pub(crate) fn uncover_thread(_first: &crate::stack::Header) {}
