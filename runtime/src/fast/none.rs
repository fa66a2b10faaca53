//! Targets without a fast path, and the features that need none.

use crate::callback::Callback;
use crate::stack::Header;

/// Nothing was made by a fast path.
pub(crate) fn has_made(_record: usize) -> bool {
    false
}

/// Not called.
pub(crate) fn callback_on(_header: &Header) -> Option<&'static Callback> {
    None
}
