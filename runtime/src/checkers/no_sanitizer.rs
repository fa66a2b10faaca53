//! Without AddressSanitizer.

use super::Notes;
use crate::bounds::StackBounds;

pub(crate) struct Fibers;

pub(super) fn mapped(_low: usize, _room_bytes: usize) {}

pub(super) fn unmapped(_notes: &Notes, _low: usize, _room_bytes: usize) {}

#[inline(always)]
pub(crate) fn begin(
    _notes: &Notes,
    _low: usize,
    _room_bytes: usize,
    _calling_stack: impl FnOnce() -> Option<StackBounds>,
) {
}

#[inline(always)]
pub(crate) fn returned(_notes: &Notes) {}

#[inline(always)]
pub(crate) fn end(_notes: &Notes) {}

pub(crate) fn abandoned(_notes: &Notes, _low: usize, _room_bytes: usize, _calling_sp: usize) {}
