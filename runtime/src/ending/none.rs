//! Nobody calls; no thread keeps a stack here.

pub(super) fn link() {}
