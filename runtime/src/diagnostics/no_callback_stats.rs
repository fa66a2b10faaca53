//! Without the feature: nothing is counted.

use crate::callback::Callback;

#[inline(always)]
pub(crate) fn in_place(_callback: &'static Callback) {}

#[inline(always)]
pub(crate) fn refused(_callback: &'static Callback) {}
