//! Rounding, each rule by its name.

/// Divides by `2^bits`, rounding toward zero: `sign(x) * (|x| >> bits)`.
///
/// `bits` is in `0..=31`.
#[inline(always)]
pub const fn toward_zero(x: i32, bits: u32) -> i32 {
    let sign = x >> 31;
    (((x ^ sign).wrapping_sub(sign) >> bits) ^ sign).wrapping_sub(sign)
}

/// The nearest integer; a tie goes to the even one (IEEE 754, NumPy's `round`).
pub fn round_half_even(x: f64) -> f64 {
    x.round_ties_even()
}

/// The integer part, toward zero (C's cast from a float).
pub fn truncate_fraction(x: f64) -> f64 {
    x.trunc()
}

/// Rounds `x` away from zero with the probability of its fraction: up iff `draw < fraction(|x|)`.
///
/// `draw` is uniform in `[0, 1)`, so the expectation is `x`.
pub fn stochastic(x: f64, draw: f64) -> f64 {
    let magnitude = x.abs();
    let whole = magnitude.floor();
    let up = if draw < magnitude - whole { 1.0 } else { 0.0 };
    (whole + up).copysign(x)
}

/// Divides by `2^bits` with stochastic rounding: adds the low `bits` of `draw` and floors.
///
/// The expectation over uniform `draw` is `x / 2^bits`. `bits` is in `0..=31`.
#[inline(always)]
pub const fn stochastic_shift(x: i32, bits: u32, draw: u32) -> i32 {
    let mask = (1i64 << bits) - 1;
    ((x as i64 + (draw as i64 & mask)) >> bits) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_at_the_ends_and_at_ties() {
        assert_eq!([toward_zero(-3, 1), toward_zero(3, 1), toward_zero(i32::MAX, 31)], [-1, 1, 0]);
        assert_eq!([round_half_even(0.5), round_half_even(1.5), round_half_even(-2.5)], [0.0, 2.0, -2.0]);
        assert_eq!([stochastic(-1.25, 0.2), stochastic(-1.25, 0.25), stochastic(3.0, 0.0)], [-2.0, -1.0, 3.0]);
        assert_eq!(truncate_fraction(-1.9), -1.0);
    }

    #[test]
    fn stochastic_shift_has_the_right_mean() {
        for x in [-300i32, -1, 0, 7, 129, 65_535] {
            let sum: i64 = (0..256).map(|d| i64::from(stochastic_shift(x, 8, d))).sum();
            assert_eq!(sum, i64::from(x), "mean of {x} over all draws");
        }
    }

    proptest! {
        /// Both directions agree with division that truncates.
        #[test]
        fn toward_zero_is_truncating_division(x in -i32::MAX..=i32::MAX, bits in 0u32..31) {
            prop_assert_eq!(toward_zero(x, bits), x / (1 << bits));
        }
    }
}
