//! Where the kernel tells which pages were touched.

use core::cell::Cell;
use core::ptr;

use crate::callback::Callback;
use super::Extent;
use crate::checkers::valgrind as checker;
use crate::diagnostics::callback_stats as tally;
use crate::stack::memory;

/// What the page at the mark is filled with. No address and no small number.
const PATTERN: usize = 0x5f3c_a96b_5f3c_a96b_u64 as usize;

/// What is noted of one stack.
pub(crate) struct Depth {
    /// The lowest address of the page that has the pattern: everything below is untouched. Zero before the first body.
    mark: Cell<usize>,
    /// Whose body runs, null if none. Still set when the next one begins if a longjmp has abandoned it, which then counts for nobody.
    running: Cell<*const Callback>,
}

impl Depth {
    pub(crate) const fn new() -> Self {
        Self { mark: Cell::new(0), running: Cell::new(ptr::null()) }
    }

    /// A body of `callback` is about to run on the stack of `header`, on which nothing lives.
    pub(crate) fn begin(&self, extent: Extent, callback: &'static Callback) {
        if tally::switched(callback) {
            // SAFETY: a part of an idle stack.
            unsafe { memory::give_back(extent.low, extent.header_page - extent.low) };
            self.mark_page(extent.header_page, extent.low);
        } else if !self.is_intact() {
            // The slow path has used the stack for itself, an abandoned body has, or the pages were
            // given back.
            self.mark_page(lowest_touched(extent), extent.low);
        }
        self.running.set(callback);
    }

    /// The body has ended.
    pub(crate) fn end(&self, extent: Extent) {
        // SAFETY: null or a callback, which is static.
        let Some(callback) = (unsafe { self.running.replace(ptr::null()).as_ref() }) else { return };
        let mut lowest = self.mark.get() + memory::page_bytes();
        if !self.is_intact() {
            lowest = lowest_touched(extent);
            self.mark_page(lowest, extent.low);
        } else if lowest < extent.header_page {
            // Not deeper than another body before: how deep is not known.
            return;
        }
        tally::deepest(callback, extent.high - lowest);
    }

    /// The lowest address that bodies have used, when the kernel says that this page is the lowest.
    pub(crate) fn without_mark(&self, lowest: usize) -> usize {
        if lowest == self.mark.get() && self.is_intact() { lowest + memory::page_bytes() } else { lowest }
    }

    /// Fills the page below `touched` with the pattern, if there is one.
    fn mark_page(&self, touched: usize, low: usize) {
        let page = memory::page_bytes();
        if touched < low + page {
            return self.mark.set(0);
        }
        self.mark.set(touched - page);
        checker::makes_room(touched - page, page);
        for word in (touched - page..touched).step_by(size_of::<usize>()) {
            // SAFETY: a page of the stack below everything that lives on it.
            unsafe { ptr::with_exposed_provenance_mut::<usize>(word).write_volatile(PATTERN) };
        }
    }

    fn is_intact(&self) -> bool {
        let mark = self.mark.get();
        if mark == 0 {
            return false;
        }
        // The body may have had frames there, which are gone.
        checker::takes_as_it_is(mark, memory::page_bytes());
        (mark..mark + memory::page_bytes()).step_by(size_of::<usize>()).all(|word| {
            // SAFETY: a page of the stack, filled by `mark_page`. Volatile, because the body wrote there behind the compiler's back.
            unsafe { ptr::with_exposed_provenance::<usize>(word).read_volatile() == PATTERN }
        })
    }
}

fn lowest_touched(extent: Extent) -> usize {
    memory::lowest_touched(extent.low, extent.header_page).unwrap_or(extent.header_page)
}
