//! How deep bodies use a system stack, with the feature `stats`.
//!
//! Measured are whole pages, where the kernel tells which ones were touched. Below the deepest use
//! so far lie pages that were never touched, so a body that goes deeper touches the page below.
//! Only then, and for the bodies that are measured in any case, more pages are asked for; before
//! the latter all of them are given back, so that what they touch is theirs. Code that steps over a
//! whole page is not seen; Rust's stack probes never do.

use core::cell::Cell;
use core::ptr;

use crate::callback::Callback;
use crate::diagnostics::callback_stats;
use crate::stack::memory;

/// Other systems tell nothing, or which pages were ever touched.
const MEASURES: bool =
    cfg!(all(feature = "stats", any(target_os = "linux", target_os = "android")));

/// The part of a stack that is measured: from its lowest address to the page of its header, and the
/// header's address.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) low: usize,
    pub(crate) header_page: usize,
    pub(crate) high: usize,
}

/// What is noted of one stack.
pub(crate) struct Depth {
    /// The lowest page that was touched; 0 before the first body.
    lowest: Cell<usize>,
    /// Whose body runs, null if none. Still set when the next one begins if a longjmp has abandoned
    /// it, which then counts for nobody.
    running: Cell<*const Callback>,
}

impl Depth {
    pub(crate) const fn new() -> Self {
        Self { lowest: Cell::new(0), running: Cell::new(ptr::null()) }
    }

    /// A body of `callback` is about to run on the stack, on which nothing lives.
    #[inline(always)]
    pub(crate) fn begin(&self, extent: Extent, callback: &'static Callback) {
        let is_due = callback_stats::switched(callback);
        if MEASURES {
            if is_due {
                // SAFETY: the part of an idle stack below its header.
                unsafe { memory::give_back(extent.low, extent.header_page - extent.low) };
            }
            // The slow path may have used the stack for itself, or an abandoned body.
            self.look(extent);
            self.running.set(callback);
        }
    }

    /// The body has ended.
    #[inline(always)]
    pub(crate) fn end(&self, extent: Extent) {
        if MEASURES {
            // SAFETY: null or a callback, which is static.
            let callback = unsafe { self.running.replace(ptr::null()).as_ref() };
            let before = self.lowest.get();
            if let (Some(callback), Some(lowest)) = (callback, self.look(extent))
                // Otherwise not deeper than another body before: how deep is not known.
                && (lowest < before || before == extent.header_page)
            {
                callback_stats::deepest(callback, extent.high - lowest);
            }
        }
    }

    /// Takes up which page is the lowest that was touched. Two pages tell when nothing has changed.
    fn look(&self, Extent { low, header_page, .. }: Extent) -> Option<usize> {
        let (page, known) = (memory::page_bytes(), self.lowest.get());
        let is_same = known >= low + page
            && memory::lowest_touched(known - page, (known + page).min(header_page))? == known;
        if !is_same {
            self.lowest.set(memory::lowest_touched(low, header_page)?);
        }
        Some(self.lowest.get())
    }
}
