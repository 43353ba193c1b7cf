//! Packets that are sent one after the other, and what the rules of congestion make of them, all at once.

use crate::timing::ways::{Lines, ONE};

/// Packets of a batch at most.
pub(super) const BATCH: usize = 64;

/// Stands for the gap to a next packet that does not exist.
pub(super) const NO_GAP: u64 = u64::MAX;

/// The packets of a batch, in the order of sending.
pub(super) struct Batch<L: Lines> {
    /// Place in the list of all packets.
    pub(super) packet: [u32; BATCH],
    /// When each is due `[ps]`.
    pub(super) now: [u64; BATCH],
    /// From its sending to the next packet of its core `[ps]`.
    pub(super) gap_ps: [u64; BATCH],
    /// Links of its way.
    pub(super) links: [u64; BATCH],
    pub(super) flight_ps: [u64; BATCH],
    /// What it meets on the links of its way.
    pub(super) met: [L::Met; BATCH],
    /// Processing times of all packets that it meets in the network `[ps]`, and how many have left since the batch began.
    pub(super) processing_ps: [u64; BATCH],
    pub(super) gone: [u64; BATCH],
    density: [u64; BATCH],
    /// When it is sent, and when it reaches its core at the earliest `[ps]`.
    pub(super) sent_ps: [u64; BATCH],
    pub(super) early_ps: [u64; BATCH],
}

impl<L: Lines> Batch<L> {
    pub(super) const EMPTY: Self = Batch {
        packet: [0; BATCH],
        now: [0; BATCH],
        gap_ps: [NO_GAP; BATCH],
        links: [1; BATCH],
        flight_ps: [0; BATCH],
        met: [L::NOTHING; BATCH],
        processing_ps: [0; BATCH],
        gone: [0; BATCH],
        density: [0; BATCH],
        sent_ps: [0; BATCH],
        early_ps: [0; BATCH],
    };

    /// Finds when each of the first `n` is sent and is early, the network holding `packets` when they began; returns whether one
    /// had to wait. A link has room for `buffer` packets, no more than there are in the step. `WIDE` says whether small numbers are
    /// divided as vectors.
    #[inline(always)]
    pub(super) fn travel<const WIDE: bool>(&mut self, n: usize, packets: u64, buffer: u64) -> bool {
        for (density, met) in self.density.iter_mut().zip(&self.met[..n]) {
            *density = L::sum(met);
        }
        // Eight at a time; the rest of the last eight is as it was and means nothing.
        for k in 0..n.next_multiple_of(8).min(BATCH) {
            let packets = (packets + k as u64).wrapping_sub(self.gone[k]);
            let mean = quotient::<WIDE, L>(self.processing_ps[k], packets.max(1));
            let room = self.links[k] * (buffer * ONE);
            let wait = product::<L>(self.density[k].saturating_sub(room), mean) / ONE;
            self.sent_ps[k] = self.now[k].wrapping_add(wait);
            let crowd = quotient::<WIDE, L>(product::<L>(self.density[k], mean) / ONE, self.links[k]);
            self.early_ps[k] = self.sent_ps[k].wrapping_add(crowd.max(self.flight_ps[k]));
        }
        (0..n).fold(false, |any, k| any | (self.sent_ps[k] != self.now[k]))
    }
}

/// `a * b`, or the largest number.
#[inline(always)]
fn product<L: Lines>(a: u64, b: u64) -> u64 {
    if L::SMALL { a.wrapping_mul(b) } else { a.saturating_mul(b) }
}

/// `a / b`; as vectors where numbers are small and `WIDE` says so.
#[inline(always)]
fn quotient<const WIDE: bool, L: Lines>(a: u64, b: u64) -> u64 {
    if WIDE && L::SMALL { small_quotient(a, b) } else { a / b }
}

/// `a / b` of numbers below 2⁵¹.
///
/// The quotient of doubles is off by less than 1/4, and rounding it to a whole number adds at most 1/2: less than 1 in all. So it
/// becomes `a / b` or the next number, and that one times `b` is more than `a`.
#[inline(always)]
fn small_quotient(a: u64, b: u64) -> u64 {
    // In doubles from 2⁵² on, the last bit is worth 1.
    const BASE: f64 = (1_u64 << 52) as f64;
    let near = (a as f64 / b as f64 + BASE).to_bits() & ((1 << 52) - 1);
    near.wrapping_sub(u64::from(near.wrapping_mul(b) > a))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Also right beside multiples, where rounding could go wrong.
        #[test]
        fn small_quotients_are_exact(a in 0..1_u64 << 51, bits in 0..52_u32, b in 1..1_u64 << 51, near in 0..3_u64) {
            let (a, b) = (a >> (51 - bits.min(51)), (b >> bits.min(50)).max(1));
            prop_assert_eq!(small_quotient(a, b), a / b);
            let multiple = ((a / b * b + near).saturating_sub(1)).min((1 << 51) - 1);
            prop_assert_eq!(small_quotient(multiple, b), multiple / b);
        }
    }
}
