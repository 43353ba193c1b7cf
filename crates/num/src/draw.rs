//! Random draws that are pure functions of seed, purpose and place.
//!
//! No generator is shared or advanced: the same arguments give the same bits in any order, on any
//! number of workers. The function is Philox4x32-10 (Salmon et al., SC'11), pinned by its published
//! known-answer vectors.

use std::convert::Infallible;

use rand::TryRng;

/// What a draw is for; two purposes never share bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(u16);

// To add a purpose: one line with a number that was never used before.
impl Purpose {
    /// Spikes of Poisson sources.
    pub const POISSON: Purpose = Purpose(1);
    /// Membrane or current noise of neurons.
    pub const NOISE: Purpose = Purpose(2);
    /// Stochastic rounding of traces.
    pub const TRACE: Purpose = Purpose(3);
    /// Stochastic rounding of learned synaptic variables.
    pub const SYNAPSE: Purpose = Purpose(4);
    /// Random connectivity.
    pub const TOPOLOGY: Purpose = Purpose(5);
    /// Random initial weights.
    pub const WEIGHT: Purpose = Purpose(6);
    /// Stochastic rounding of neuron state.
    pub const STATE: Purpose = Purpose(7);
    /// Programming of memory cells.
    pub const CELL_PROGRAM: Purpose = Purpose(8);
    /// Relaxation and drift of memory cells.
    pub const CELL_DRIFT: Purpose = Purpose(9);
    /// Reading of memory cells.
    pub const CELL_READ: Purpose = Purpose(10);
    /// Faults and endurance of memory cells.
    pub const CELL_FAULT: Purpose = Purpose(11);
    /// Device mismatch of analog circuits.
    pub const MISMATCH: Purpose = Purpose(12);
    /// Synthetic stimuli.
    pub const STIMULUS: Purpose = Purpose(13);
    /// Random delays.
    pub const DELAY: Purpose = Purpose(14);
    /// Initial state of neurons.
    pub const INITIAL: Purpose = Purpose(15);
    /// Search for better places of cores.
    pub const PLACEMENT: Purpose = Purpose(16);
    /// Levels of neuromodulators.
    pub const MODULATOR: Purpose = Purpose(50);
    /// Which vacant place of a target takes a synapse that grows.
    pub const STRUCTURE: Purpose = Purpose(60);
    /// Seeds of chips of one kind.
    pub const CHIP: Purpose = Purpose(70);
    /// Thermal noise of analog membranes.
    pub const THERMAL: Purpose = Purpose(80);
    /// How many synapses fall to each element, where only their total is given.
    pub const FAN_IN: Purpose = Purpose(40);

    /// The number that enters the draw.
    pub const fn number(self) -> u16 {
        self.0
    }
}

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

#[inline(always)]
const fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let mut round = 0;
    while round < 10 {
        let a = MULTIPLIER[0] as u64 * counter[0] as u64;
        let b = MULTIPLIER[1] as u64 * counter[2] as u64;
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        round += 1;
    }
    counter
}

/// Four uniform 32-bit words for `(seed, purpose, place, index, step)`.
///
/// `place` is a process, core or projection; `index` a neuron, synapse or cell in it. `step` is in
/// `0..2^48`.
#[inline(always)]
pub const fn draw(seed: u64, purpose: Purpose, place: u32, index: u32, step: u64) -> [u32; 4] {
    let high = ((step >> 32) as u32 & 0xFFFF) | ((purpose.0 as u32) << 16);
    philox([index, place, step as u32, high], [seed as u32, (seed >> 32) as u32])
}

/// Words that [`draw_group`] gives at once.
pub const GROUP: usize = 64;

/// Indices whose draws [`draw_group`] gives at once.
pub const INDICES: usize = 16;

/// The words of the draws of 16 indices: word `j` is word `j / 16` of the draw of index `16 * group + j % 16`.
///
/// Much cheaper per word than [`draw`] where it is compiled for vector registers (see [`Task`](crate::Task)), and in the order
/// in which they hold the words.
#[inline(always)]
pub fn draw_group(seed: u64, purpose: Purpose, place: u32, group: u32, step: u64) -> [u32; GROUP] {
    let high = ((step >> 32) as u32 & 0xFFFF) | ((purpose.0 as u32) << 16);
    // A word is the low half of a lane of 64 bits: vector multiplications read no more, and need not take products apart.
    let low = |lane: u64| lane & 0xFFFF_FFFF;
    let mut c = [[0; 16], [u64::from(place); 16], [low(step); 16], [u64::from(high); 16]];
    for (lane, index) in c[0].iter_mut().enumerate() {
        *index = u64::from(group.wrapping_mul(16).wrapping_add(lane as u32));
    }
    let mut key = [seed as u32, (seed >> 32) as u32];
    for _ in 0..10 {
        let [c0, c1, c2, c3] = &mut c;
        for lane in 0..16 {
            let a = u64::from(MULTIPLIER[0]) * low(c0[lane]);
            let b = u64::from(MULTIPLIER[1]) * low(c2[lane]);
            c0[lane] = (b >> 32) ^ c1[lane] ^ u64::from(key[0]);
            c1[lane] = b;
            c2[lane] = (a >> 32) ^ c3[lane] ^ u64::from(key[1]);
            c3[lane] = a;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    let mut words = [0; GROUP];
    for (own, four) in words.chunks_exact_mut(16).zip(&c) {
        own.iter_mut().zip(four).for_each(|(word, lane)| *word = *lane as u32);
    }
    words
}

/// A uniform number in `[0, 1)` with 53 bits, from two words of a draw.
pub fn draw_unit(words: [u32; 2]) -> f64 {
    let bits = ((u64::from(words[0]) << 32) | u64::from(words[1])) >> 11;
    bits as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A uniform integer in `0..n` from one word (multiply and shift; bias below `n / 2^32`).
pub const fn draw_below(word: u32, n: u32) -> u32 {
    ((word as u64 * n as u64) >> 32) as u32
}

/// A nearly normal integer with mean 0 and standard deviation [`BELL_DEVIATION`] from a draw: twice the sum of eight uniform
/// integers of 16 bits less its mean. It stays within 4.9 standard deviations.
pub const fn draw_bell(words: [u32; 4]) -> i32 {
    let (mut sum, mut k) = (0, 0);
    while k < 4 {
        sum += (words[k] & 0xFFFF) + (words[k] >> 16);
        k += 1;
    }
    2 * sum as i32 - 8 * 0xFFFF
}

/// Standard deviation of [`draw_bell`]: `2 sqrt(8 (2^32 - 1) / 12)`.
pub const BELL_DEVIATION: f64 = 2.0 * 53509.9199214501;

/// An endless stream of draws for one place, for use with the distributions of `rand` and `rand_distr`.
///
/// Made afresh wherever it is needed; never shared.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u64,
    purpose: Purpose,
    place: u32,
    index: u32,
    step: u64,
    words: [u32; 4],
    used: usize,
}

impl Draws {
    /// The stream of `(seed, purpose, place, index)`, from its beginning.
    pub fn new(seed: u64, purpose: Purpose, place: u32, index: u32) -> Self {
        Draws { seed, purpose, place, index, step: 0, words: [0; 4], used: 4 }
    }

    /// The next word.
    pub fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.words = draw(self.seed, self.purpose, self.place, self.index, self.step);
            self.step += 1;
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// The next uniform number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        draw_unit([self.word(), self.word()])
    }

    /// The next uniform integer in `0..n`.
    pub fn below(&mut self, n: u32) -> u32 {
        draw_below(self.word(), n)
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.word()) | (u64::from(self.word()) << 32))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Known answers of the Random123 distribution (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_gives_its_published_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = u32::MAX;
        assert_eq!(philox([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn every_argument_matters() {
        let base = draw(1, Purpose::POISSON, 2, 3, 4);
        let others = [
            draw(2, Purpose::POISSON, 2, 3, 4),
            draw(1, Purpose::NOISE, 2, 3, 4),
            draw(1, Purpose::POISSON, 3, 3, 4),
            draw(1, Purpose::POISSON, 2, 4, 4),
            draw(1, Purpose::POISSON, 2, 3, 5),
            draw(1, Purpose::POISSON, 2, 3, 4 + (1 << 32)),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    proptest! {
        /// A group holds the words of its single draws.
        #[test]
        fn groups_are_draws(seed in any::<u64>(), place in any::<u32>(), group in 0_u32..1 << 27, step in 0_u64..1 << 48) {
            let words = draw_group(seed, Purpose::POISSON, place, group, step);
            for (j, word) in words.into_iter().enumerate() {
                let one = draw(seed, Purpose::POISSON, place, 16 * group + (j % 16) as u32, step);
                prop_assert_eq!(word, one[j / 16]);
            }
        }

        /// Units stay in `[0, 1)` and integers below their bound.
        #[test]
        fn draws_stay_in_range(seed in any::<u64>(), n in 1u32..) {
            let mut draws = Draws::new(seed, Purpose::STIMULUS, 0, 0);
            let unit = draws.unit();
            prop_assert!((0.0..1.0).contains(&unit));
            prop_assert!(draws.below(n) < n);
        }
    }
}
