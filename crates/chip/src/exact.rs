//! Sums of synapses that 32 bits may not hold.
//!
//! Accumulators have 32 bits, and delivery adds to them without a look. A step first bounds how far each accumulator can
//! get, from what reaches it beside synapses, the numbers of spikes or synapses, payloads and the heaviest weight, without a look
//! at a sum. Only where the bound passes 32 bits are the sums formed again, in 128 bits, to find those that have lost their high
//! bits.

use pumice_num::shift;

/// The most that 32 bits hold.
pub(crate) const MOST: i64 = i32::MAX as i64;

/// What becomes of the sum of one step and delay before it joins the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    /// Power of two.
    pub(crate) exponent: i32,
    /// Width to which it wraps `[bit]`; 32 if it does not.
    pub(crate) bits: u32,
}

impl Scaling {
    /// Whether a sum joins the others as it is.
    pub(crate) const fn is_none(self) -> bool {
        self.exponent == 0 && self.bits == 32
    }

    /// What a sum becomes, and whether it lost high bits.
    #[inline(always)]
    pub(crate) fn of(self, sum: i32) -> (i32, bool) {
        let up = 32 - self.bits;
        let shifted = shift(sum, self.exponent);
        let held = (shifted << up) >> up;
        (held, held != shifted || (self.exponent > 0 && shifted >> self.exponent != sum))
    }

    /// How far a sum gets that got as far as `reach` before; beyond 32 bits if it was so before.
    pub(crate) fn reach(self, reach: i64) -> i64 {
        if reach > MOST {
            return reach;
        }
        let shifted = if self.exponent > 0 { reach.saturating_mul(1 << self.exponent) } else { reach + 1 };
        shifted.min(1 << (self.bits - 1))
    }
}

/// The farthest that values are from zero.
pub(crate) fn farthest(values: &[i32]) -> i64 {
    i64::from(values.iter().fold(0, |most, value| most.max(value.unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A scaled sum is within its reach, and loses bits exactly where the exact one does not fit.
        #[test]
        fn a_scaled_sum_is_within_its_reach(sum in any::<i32>(), less in 0..32, exponent in -8..=7_i32, bits in 12..=32_u32) {
            let (sum, scaling) = (sum >> less, Scaling { exponent, bits });
            let (held, lost) = scaling.of(sum);
            let exact = if exponent < 0 { i64::from(sum) >> -exponent } else { i64::from(sum) << exponent };
            prop_assert_eq!(lost, i64::from(held) != exact);
            let reach = scaling.reach(i64::from(sum.unsigned_abs()));
            prop_assert!(i64::from(held.unsigned_abs()) <= reach);
        }
    }
}
