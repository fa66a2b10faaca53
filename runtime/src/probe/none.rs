//! Nothing is ever left here, as nothing is switched.

pub(crate) fn holds(_address: usize, _word: usize) -> bool {
    true
}
