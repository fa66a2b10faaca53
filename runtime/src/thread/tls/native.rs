//! Where the compiler's own thread-locals are used.

use super::Words;
use super::local::local;

local! {
    static WORDS: Words = Words::new();
}

/// The calling thread's words. Never remembered across a call: a coroutine may carry the caller to
/// another thread.
#[inline(always)]
pub(crate) fn words() -> Option<&'static Words> {
    // SAFETY: the words live as long as the thread, and callers keep no reference across a call of
    // foreign code.
    WORDS.with(|words| Some(unsafe { &*core::ptr::from_ref(words) }))
}

/// A number that tells the threads apart which live at the same time.
pub(crate) fn place() -> usize {
    words().map_or(0, |words| core::ptr::from_ref(words).addr())
}

/// Nothing to find: the compiler knows the place.
pub(crate) fn find_place(_key: Option<usize>) {}

/// Nothing to forget.
pub(crate) fn forget_place() {}
