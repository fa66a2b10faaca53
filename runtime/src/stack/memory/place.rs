//! Where a stack fits below an address, on a system that tells of one region at a time.

/// What the system says of the pages that begin at an address.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Region {
    /// Free up to `end`. VirtualQuery does not tell where a free region begins: it takes the
    /// address that it was asked about for the beginning.
    Free { end: usize },
    /// Part of an allocation that begins at `base`.
    Taken { base: usize },
}

/// How many allocations to pass by before giving up: each costs a system call.
const MOST_REGIONS: usize = 512;

/// The highest multiple of `granularity` from which `bytes` are free, all of them below `high`.
pub(crate) fn below(
    mut high: usize,
    bytes: usize,
    granularity: usize,
    region_at: impl Fn(usize) -> Option<Region>,
) -> Option<usize> {
    for _ in 0..MOST_REGIONS {
        let at = high.checked_sub(bytes)? & !(granularity - 1);
        if at == 0 {
            return None;
        }
        // What lies in the way moves the search down to where it begins.
        high = match region_at(at)? {
            Region::Free { end } if end >= at + bytes => return Some(at),
            Region::Free { end } => end,
            Region::Taken { base } => base,
        };
    }
    None
}
