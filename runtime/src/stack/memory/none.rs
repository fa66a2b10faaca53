//! Systems on which no stack can be mapped, and Miri: bodies run in place.

pub(crate) const SUPPORTED: bool = false;

pub(crate) const STATIC_MAY_BE_STACK: bool = false;

pub(crate) const NO_MEMORY: i32 = 0;

pub(crate) fn page_bytes() -> usize {
    4096
}

pub(crate) fn first_hint() -> usize {
    0
}

pub(crate) fn reserve(_bytes: usize, _align: usize, _hint: usize) -> Result<usize, i32> {
    Err(0)
}

/// # Safety
/// As in the other files.
pub(crate) unsafe fn open(_low: usize, _bytes: usize) -> Result<(), i32> {
    Err(0)
}

/// # Safety
/// As in the other files.
pub(crate) unsafe fn guard(_low: usize, _bytes: usize) -> bool {
    false
}

/// # Safety
/// As in the other files.
pub(crate) unsafe fn release(_base: usize, _bytes: usize) {}

/// Zeroed memory of the heap, for tables.
pub(crate) fn map_pages(bytes: usize) -> Result<*mut u8, i32> {
    let words = vec![0_u64; bytes.div_ceil(8)];
    Ok(Vec::leak(words).as_mut_ptr().cast())
}

/// # Safety
/// As in the other files.
pub(crate) unsafe fn give_back(_low: usize, _bytes: usize) {}

/// The lowest page that was touched. Not known here.
pub(crate) fn lowest_touched(_low: usize, _high: usize) -> Option<usize> {
    None
}

pub(crate) use self::lowest_touched as lowest_resident;
