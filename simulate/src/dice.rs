//! Randomness that depends on where it is asked for, and on nothing else: the same seed, place and number give the same
//! throw, whatever was thrown elsewhere. So a story can lose a step without all others changing their luck.

/// Throws for one seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The throws of the `nth` time that `place` asks.
    pub(crate) fn at(self, place: &str, nth: u64) -> fastrand::Rng {
        let mut state = self.0 ^ 0x9e37_79b9_7f4a_7c15;
        for byte in place.bytes() {
            state = scramble(state ^ u64::from(byte));
        }
        fastrand::Rng::with_seed(scramble(state ^ nth))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn scramble(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
