//! Weights on their way into synapse memory: sign mode, clipping, and the loss of low bits.
//!
//! Sources: Lava 0.10 `lava/utils/weightutils.py` (floor), brian2-loihi 0.5 `loihi_synapses.py` (toward zero, exponent
//! per synapse, limit of ±(2^21 - 64) state LSB), nengo-loihi 1.1 `builder/discretize.py` (nearest).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arithmetic::{WeightExponent, WeightRounding};
use crate::{Arithmetic, ModelError};
use pumice_num::{faulty, shift, toward_zero};

/// Which signs the weights of a connection may have; one sign saves the sign bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SignMode {
    /// Both signs: `-256..=255` before the low bits are lost.
    Mixed,
    /// `0..=255`.
    Excitatory,
    /// `-255..=0`.
    Inhibitory,
}

impl SignMode {
    /// The narrowest mode that holds all weights; all zero is excitatory.
    pub fn of(weights: impl Iterator<Item = f64> + Clone) -> Self {
        if weights.clone().all(|w| w >= 0.0) {
            SignMode::Excitatory
        } else if weights.clone().all(|w| w <= 0.0) {
            SignMode::Inhibitory
        } else {
            SignMode::Mixed
        }
    }

    /// The smallest and largest weight before the low bits are lost.
    pub const fn range(self) -> (i32, i32) {
        match self {
            SignMode::Mixed => (-256, 255),
            SignMode::Excitatory => (0, 255),
            SignMode::Inhibitory => (-255, 0),
        }
    }
}

/// How a connection stores its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightFormat {
    /// Power of two that scales the weights.
    pub exponent: i32,
    /// Bits per weight, sign included in mixed mode, `1..=8`.
    pub bits: u32,
    /// Signs.
    pub sign: SignMode,
}

impl WeightFormat {
    /// Checks the fields of a connection and settles its sign mode.
    ///
    /// # Errors
    /// If the exponent is outside `-8..=7` or the bits outside `1..=8`.
    pub fn new(
        exponent: i32,
        bits: u32,
        sign: Option<SignMode>,
        weights: impl Iterator<Item = f64> + Clone,
    ) -> Result<Self, ModelError> {
        if !(-8..=7).contains(&exponent) {
            return Err(ModelError::range("weight_exp", exponent, "an integer in -8..=7"));
        }
        if !(1..=8).contains(&bits) {
            return Err(ModelError::range("num_weight_bits", bits, "an integer in 1..=8"));
        }
        Ok(WeightFormat { exponent, bits, sign: sign.unwrap_or_else(|| SignMode::of(weights)) })
    }

    /// Low bits that the format lacks.
    pub const fn lost_bits(self) -> u32 {
        8 - self.bits + matches!(self.sign, SignMode::Mixed) as u32
    }

    /// The nearest weight of the sign mode's range.
    pub fn clip(self, w: i32, arithmetic: &Arithmetic) -> i32 {
        let (low, high) = self.range(arithmetic);
        w.clamp(low, high)
    }

    /// The smallest and largest weight before the low bits are lost, under the given arithmetic.
    pub const fn range(self, arithmetic: &Arithmetic) -> (i32, i32) {
        match self.sign {
            SignMode::Inhibitory => (arithmetic.inhibitory_min, 0),
            sign => sign.range(),
        }
    }

    /// The weight without the bits that the format lacks, under the given rounding.
    pub fn truncate(self, w: i32, rounding: WeightRounding) -> i32 {
        let lost = self.lost_bits();
        match rounding {
            WeightRounding::Floor if self.sign == SignMode::Inhibitory => -(((-w) >> lost) << lost),
            WeightRounding::Floor => (w >> lost) << lost,
            WeightRounding::TowardZero => faulty!(toward_zero(w, lost), WeightFloor => w >> lost) << lost,
            WeightRounding::Nearest => self.steps(f64::from(w), 0) << lost,
        }
    }

    /// The nearest count of weight steps, again a multiple of `2^coarse`, within what the bits can hold.
    fn steps(self, w: f64, coarse: u32) -> i32 {
        let most = f64::from((1 << 8_u32.saturating_sub(self.lost_bits())) - 1);
        let fine = (w / f64::from(1 << self.lost_bits())).round_ties_even();
        let unit = f64::from(1 << coarse);
        ((fine / unit).round_ties_even() * unit).clamp(-most, most) as i32
    }

    /// The integer that acts on the accumulator in place of the real weight `w`, under nearest rounding.
    ///
    /// The weight is rounded to a multiple of the format's step and, where the exponent shifts bits out, once
    /// more to what survives (nengo-loihi `builder/discretize.py`). Without `lossy`, the second rounding is
    /// left out and the result has six more low bits.
    pub fn discretize(self, w: f64, lossy: bool) -> i32 {
        let scale = self.lost_bits() as i32 + self.exponent;
        match lossy {
            true => shift(self.steps(w, (-scale).max(0).unsigned_abs()), scale),
            false => shift(self.steps(w, 0), scale + 6),
        }
    }

    /// The weight as it acts on the accumulator, with the exponent where the arithmetic applies it per synapse.
    pub fn effective(self, w: i32, arithmetic: &Arithmetic) -> i32 {
        match (arithmetic.weight_exponent, arithmetic.weight_rounding) {
            (WeightExponent::Synapse, WeightRounding::Nearest) => self.discretize(f64::from(w), true),
            (WeightExponent::Synapse, rounding) => {
                let w = self.truncate(self.clip(w, arithmetic), rounding);
                scaled(w, self.exponent)
            }
            (WeightExponent::Sum, rounding) => self.truncate(self.clip(w, arithmetic), rounding),
        }
    }

    /// The exponent that remains to be applied to the sum.
    pub const fn sum_exponent(self, arithmetic: &Arithmetic) -> i32 {
        match arithmetic.weight_exponent {
            WeightExponent::Sum => self.exponent,
            WeightExponent::Synapse => 0,
        }
    }
}

/// The default of `num_weight_bits`.
pub(super) fn eight() -> u32 {
    8
}

/// What a weight adds to a sum after an exponent that is applied per synapse, within ±[`MOST`] `[accumulator LSB]`.
pub fn scaled(w: i32, exponent: i32) -> i32 {
    shift(w, exponent).clamp(-MOST, MOST)
}

/// The largest magnitude of one weight after its exponent, `(2^21 - 64) / 64` accumulator LSB (brian2-loihi).
pub const MOST: i32 = 32_767;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn format(bits: u32, sign: SignMode) -> WeightFormat {
        WeightFormat { exponent: 0, bits, sign }
    }

    /// Lava's own test values for 8 and 7 bits, mixed.
    #[test]
    fn mixed_weights_lose_their_low_bits_as_lavas_tests_say() {
        let eight = |w| format(8, SignMode::Mixed).effective(w, &Arithmetic::lava());
        assert_eq!([300, -300, 39].map(eight), [254, -256, 38]);
        let seven = |w| format(7, SignMode::Mixed).effective(w, &Arithmetic::lava());
        assert_eq!([300, -300, 39].map(seven), [252, -256, 36]);
    }

    #[test]
    fn the_roundings_differ_where_they_should() {
        let f = format(8, SignMode::Mixed);
        assert_eq!(f.truncate(-3, WeightRounding::Floor), -4);
        assert_eq!(f.truncate(-3, WeightRounding::TowardZero), -2);
        assert_eq!(f.truncate(-3, WeightRounding::Nearest), -4);
        assert_eq!(format(6, SignMode::Inhibitory).truncate(-5, WeightRounding::Floor), -4);
        let scaled = WeightFormat { exponent: -1, ..f };
        assert_eq!([7, -7].map(|w| scaled.effective(w, &Arithmetic::loihi1())), [3, -3]);
        assert_eq!([6, -6].map(|w| WeightFormat { exponent: -2, ..f }.effective(w, &Arithmetic::loihi1())), [1, -2]);
    }

    proptest! {
        /// Every rounding stays within one step of the format, and is idempotent.
        #[test]
        fn truncation_is_near_and_idempotent(w in -256i32..256, bits in 1u32..=8, mode in 0usize..3) {
            let f = format(bits, [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory][mode]);
            let w = f.clip(w, &Arithmetic::lava());
            for rounding in [WeightRounding::Floor, WeightRounding::TowardZero] {
                let once = f.truncate(w, rounding);
                prop_assert!((once - w).abs() < 1 << f.lost_bits());
                prop_assert_eq!(f.truncate(once, rounding), once);
            }
        }
    }
}
