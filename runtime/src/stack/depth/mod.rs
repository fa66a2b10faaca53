//! How deep bodies use a system stack, with the feature `stats`.
//!
//! Below the deepest use so far lie pages that were never touched, which the kernel can tell from the
//! others. The lowest touched page is the mark; it is filled with a pattern, so that a body which
//! goes deeper shows without asking the kernel: it has to pass that page. Only then, and for the
//! bodies that are measured in any case, pages are asked for. Before the latter all pages are given
//! back, so that what they touch is theirs. Code that steps over a whole page without touching it is
//! not seen; Rust's stack probes never do.

#[cfg(all(feature = "stats", any(target_os = "linux", target_os = "android")))]
mod measured;
#[cfg(all(feature = "stats", any(target_os = "linux", target_os = "android")))]
pub(crate) use measured::Depth;

#[cfg(not(all(feature = "stats", any(target_os = "linux", target_os = "android"))))]
mod unmeasured;
#[cfg(not(all(feature = "stats", any(target_os = "linux", target_os = "android"))))]
pub(crate) use unmeasured::Depth;

/// The part of a stack that is measured: from its lowest address to the page of its header, and the
/// header's address.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "stats"), allow(dead_code, reason = "measured with `stats` only"))]
pub(crate) struct Extent {
    pub(crate) low: usize,
    pub(crate) header_page: usize,
    pub(crate) high: usize,
}
