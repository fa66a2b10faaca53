//! Where the kernel tells which pages were touched.

use core::cell::Cell;
use core::ptr;

use crate::callback::Callback;
use crate::checker;
use crate::report::tally;
use crate::stack::{Header, memory};

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
    pub(crate) fn begin(header: &Header, callback: &'static Callback) {
        let depth = &header.depth;
        if tally::switched(callback) {
            memory::give_back(header.low, header.header_page() - header.low);
            depth.mark_page(header.header_page(), header.low);
        } else if !depth.is_intact() {
            // The cold path has used the stack for itself, an abandoned body has, or the pages were given back.
            depth.mark_page(header.lowest_touched(), header.low);
        }
        depth.running.set(callback);
    }

    /// The body has ended.
    pub(crate) fn end(header: &Header) {
        let depth = &header.depth;
        // SAFETY: null or a callback, which is static.
        let Some(callback) = (unsafe { depth.running.replace(ptr::null()).as_ref() }) else { return };
        let mut lowest = depth.mark.get() + memory::page_bytes();
        if !depth.is_intact() {
            lowest = header.lowest_touched();
            depth.mark_page(lowest, header.low);
        } else if lowest < header.header_page() {
            // Not deeper than another body before: how deep is not known.
            return;
        }
        tally::deepest(callback, header.low + header.room_bytes - lowest);
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
