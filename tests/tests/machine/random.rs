//! Numbers from a seed.

/// SplitMix64.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// One of the entries, each as often as its weight says.
    pub fn of<T: Copy>(&mut self, wheel: &[(u64, T)]) -> T {
        let mut at = self.below(wheel.iter().map(|(weight, _)| weight).sum());
        for &(weight, entry) in wheel {
            if at < weight {
                return entry;
            }
            at -= weight;
        }
        unreachable!("smaller than the sum")
    }
}
