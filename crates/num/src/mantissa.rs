//! Mantissa and exponent: how chips write numbers that are wider than their field.

use serde::{Deserialize, Serialize};

/// Shifts left for a positive exponent and right (toward minus infinity) for a negative one.
///
/// The left shift wraps at 32 bits, as a 32-bit register does. Exponents outside `-31..=31` give
/// the limit: zero, or the sign.
#[inline(always)]
pub const fn shift(x: i32, exponent: i32) -> i32 {
    if exponent >= 32 {
        0
    } else if exponent >= 0 {
        x << exponent
    } else if exponent <= -32 {
        x >> 31
    } else {
        x >> -exponent
    }
}

/// A number as `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MantissaExponent {
    /// Signed mantissa.
    pub mantissa: i32,
    /// Power of two; may be negative.
    pub exponent: i32,
}

impl MantissaExponent {
    /// The value as an integer; a negative exponent rounds toward minus infinity.
    pub const fn value(self) -> i32 {
        shift(self.mantissa, self.exponent)
    }

    /// The pair nearest to `x` with the least exponent in `0..=max_exponent` of which mantissas of at most `max_mantissa` in
    /// magnitude reach `x`, or `None` where `x` is too large.
    ///
    /// A number just beyond the last mantissa takes the next exponent, though that mantissa may be nearer: so does nengo-loihi.
    pub fn nearest(x: f64, max_mantissa: i32, max_exponent: i32) -> Option<Self> {
        let unit = |exponent: i32| f64::from(1 << exponent);
        let exponent = (0..=max_exponent).find(|e| x.abs() <= f64::from(max_mantissa) * unit(*e))?;
        Some(MantissaExponent { mantissa: (x / unit(exponent)).round_ties_even() as i32, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shift_at_its_ends() {
        assert_eq!(shift(-3, -1), -2);
        assert_eq!(shift(5, 40), 0);
        assert_eq!(shift(-5, -40), -1);
        assert_eq!(shift(5, -40), 0);
        assert_eq!(shift(1, 31), i32::MIN);
    }

    #[test]
    fn the_largest_bias_of_loihi_is_reached_and_no_more() {
        let top = MantissaExponent::nearest(524_160.0, 4095, 7).unwrap();
        assert_eq!(top.value(), 524_160);
        assert_eq!(MantissaExponent::nearest(524_161.0, 4095, 7), None);
        assert_eq!(MantissaExponent::nearest(32_761.0, 4095, 7).unwrap().value(), 32_768);
    }

    proptest! {
        /// The chosen pair is within half a step of its own exponent.
        #[test]
        fn nearest_is_within_half_a_step(x in -524_160.0f64..524_160.0) {
            let pair = MantissaExponent::nearest(x, 4095, 7).unwrap();
            prop_assert!((f64::from(pair.value()) - x).abs() <= 0.5 * f64::from(1 << pair.exponent));
        }
    }
}
