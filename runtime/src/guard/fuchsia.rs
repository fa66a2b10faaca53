//! Fuchsia: every thread has a stack of fixed size, also the first, and its C library, a relative of musl, tells it.

#[path = "attributes.rs"]
#[allow(dead_code, reason = "guards lie outside of what is told")]
mod attributes;

use super::answers::Extent;
use crate::bounds::StackBounds;

pub(crate) fn thread_bounds(_sp: usize) -> Option<StackBounds> {
    let attributes::Attributes { low, bytes, .. } = attributes::ask(libc::pthread_getattr_np)?;
    Extent::above(low, bytes)?.of_thread()
}
