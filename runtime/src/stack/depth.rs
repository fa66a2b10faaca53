//! How deep bodies use a system stack, with the feature `stats`.
//!
//! Measured are whole pages, where the kernel tells which ones were touched. Below the deepest use
//! so far lie pages that were never touched, so a body that goes deeper touches the page below.
//! Only then, and for the bodies that are measured in any case, more pages are asked for; before
//! the latter all of them are given back, so that what they touch is theirs. Code that steps over a
//! whole page is not seen; Rust's stack probes never do.

use core::ptr;

use super::{Header, memory};
use crate::callback::Callback;
use crate::diagnostics::callback_stats;

/// Other systems tell nothing, or which pages were ever touched.
const MEASURES: bool =
    cfg!(all(feature = "stats", any(target_os = "linux", target_os = "android")));

impl Header {
    /// A body of `callback` is about to run on the stack, on which nothing lives.
    #[inline(always)]
    pub(crate) fn begin_body(&self, callback: &'static Callback) {
        let is_due = callback_stats::switched(callback);
        if MEASURES {
            if is_due {
                // SAFETY: an idle stack.
                unsafe { self.shrink(0) };
            }
            // The slow path may have used the stack for itself, or an abandoned body.
            self.look();
            self.measured.set(callback);
        }
    }

    /// The body has ended.
    #[inline(always)]
    pub(crate) fn end_body(&self) {
        if MEASURES {
            // SAFETY: null or a callback, which is static.
            let callback = unsafe { self.measured.replace(ptr::null()).as_ref() };
            let before = self.lowest.get();
            if let (Some(callback), Some(lowest)) = (callback, self.look())
                // Otherwise not deeper than another body before: how deep is not known.
                && (lowest < before || before == self.header_page())
            {
                callback_stats::deepest(callback, self.low + self.room_bytes - lowest);
            }
        }
    }

    /// Takes up which page is the lowest that was touched. Two pages tell when nothing has changed.
    fn look(&self) -> Option<usize> {
        let (page, header_page) = (memory::page_bytes(), self.header_page());
        let known = self.lowest.get();
        let is_same = known >= self.low + page
            && memory::lowest_touched(known - page, (known + page).min(header_page))? == known;
        if !is_same {
            self.lowest.set(memory::lowest_touched(self.low, header_page)?);
        }
        Some(self.lowest.get())
    }
}
