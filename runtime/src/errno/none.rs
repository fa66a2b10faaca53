//! Nobody asks for it.

pub(crate) fn get() -> i32 {
    0
}

pub(crate) fn set(_value: i32) {}
