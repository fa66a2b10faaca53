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

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;

    /// A system with these allocations, in order, that answers as Windows does.
    fn below_among(taken: &[(usize, usize)], high: usize, bytes: usize) -> Option<usize> {
        below(high, bytes, 64 * KIB, |at| {
            let next = taken.iter().find(|&&(_, end)| at < end);
            Some(match next {
                Some(&(base, _)) if base <= at => Region::Taken { base },
                Some(&(base, _)) => Region::Free { end: base },
                None => Region::Free { end: usize::MAX },
            })
        })
    }

    #[test]
    fn free_region_is_missed_because_its_beginning_is_not_told() {
        assert_eq!(below_among(&[], 64 * MIB, MIB), Some(63 * MIB));
        assert_eq!(below_among(&[], 64 * MIB + 5 * KIB, MIB), Some(63 * MIB));
        // The stack in use, with its upper half above SP.
        assert_eq!(below_among(&[(40 * MIB, 48 * MIB)], 44 * MIB, 8 * MIB), Some(32 * MIB));
    }

    #[test]
    fn place_overlaps_an_allocation() {
        let taken =
            [(2 * MIB, 3 * MIB), (10 * MIB, 11 * MIB), (12 * MIB, 13 * MIB), (40 * MIB, 48 * MIB)];
        assert_eq!(below_among(&taken, 41 * MIB, 8 * MIB), Some(32 * MIB));
        assert_eq!(below_among(&taken, 41 * MIB, 27 * MIB), Some(13 * MIB));
        assert_eq!(below_among(&taken, 13 * MIB, MIB), Some(11 * MIB));
        // Between 3 and 10 MiB there is just room for seven.
        assert_eq!(below_among(&taken, 20 * MIB, 7 * MIB), Some(13 * MIB));
        assert_eq!(below_among(&taken, 19 * MIB, 7 * MIB), Some(3 * MIB));
        assert_eq!(below_among(&taken, 19 * MIB, 7 * MIB + 1), None);
        // Ends that are no multiples of the granularity.
        let odd = [(2 * MIB, 3 * MIB + 4 * KIB), (5 * MIB, 6 * MIB)];
        assert_eq!(below_among(&odd, 6 * MIB, 2 * MIB - 64 * KIB), Some(3 * MIB + 64 * KIB));
        assert_eq!(below_among(&odd, 6 * MIB, 2 * MIB), None);
    }

    #[test]
    fn place_is_found_at_the_bottom_of_the_address_space() {
        assert_eq!(below_among(&[], MIB, MIB), None);
        assert_eq!(below_among(&[], MIB, 2 * MIB), None);
        assert_eq!(below_among(&[(64 * KIB, 32 * MIB)], 40 * MIB, 16 * MIB), None);
    }
}
