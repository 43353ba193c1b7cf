//! Fixed-point arithmetic of differential equations: one format, one rounding, one solver.
//!
//! State is kept in signed 32-bit words with a chosen number of fraction bits (15 gives the `s16.15` of the
//! SpiNNaker machine). Equations are solved by the explicit midpoint rule. A derivative is formed exactly, in a
//! wide accumulator, and rounded once where a register is written: four roundings per step, two of them of the
//! midpoint. Rounding is down, to the nearest, or stochastic, whose expectation is exact.
//!
//! Sources: Hopkins & Furber, Neural Computation 27(10), 2015 (format and solver); Hopkins, Mikaitis, Lester &
//! Furber, Phil. Trans. R. Soc. A 378, 2020 (stochastic rounding).

use pumice_num::{Purpose, draw};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::population::{At, stop};
use crate::{ModelError, PerNeuron, Setting, integer};

/// How a number loses the bits that its format lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Toward minus infinity.
    Down,
    /// To the nearest, ties up.
    #[default]
    Nearest,
    /// Up with the probability of the lost fraction.
    Stochastic,
}

/// Fraction bits of constants: rates and step sizes.
pub(crate) const UNIT: u32 = 30;

/// A format with its rounding and where its draws come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) bits: u32,
    rounding: Rounding,
    seed: u64,
    place: u32,
}

impl Format {
    /// A format of `fraction_bits`.
    ///
    /// # Errors
    /// If they are not in `8..=20`.
    pub(crate) fn new(fraction_bits: i32, rounding: Rounding, setting: &Setting<'_>) -> Result<Self, ModelError> {
        let bits = integer("fraction_bits", f64::from(fraction_bits), 8..=20)? as u32;
        Ok(Format { bits, rounding, seed: setting.seed, place: setting.place })
    }

    /// How many random numbers a neuron draws in a step: one for each of its four roundings, if they are stochastic.
    pub(crate) fn draws(&self) -> u64 {
        if matches!(self.rounding, Rounding::Stochastic) { 4 } else { 0 }
    }

    /// The draws of one neuron and step, one for each of its four roundings.
    #[inline(always)]
    pub(crate) fn words(&self, at: At) -> [u32; 4] {
        match self.rounding {
            Rounding::Stochastic => draw(self.seed, Purpose::STATE, self.place, at.index, at.step),
            _ => [0; 4],
        }
    }

    /// `exact / 2^shift`, rounded; `shift` is at least 1.
    #[inline(always)]
    pub(crate) fn round(&self, exact: i128, shift: u32, word: u32) -> i64 {
        let carry = match self.rounding {
            Rounding::Down => 0,
            Rounding::Nearest => 1i128 << (shift - 1),
            Rounding::Stochastic if shift > 32 => i128::from(word) << (shift - 32),
            Rounding::Stochastic => i128::from(word >> (32 - shift)),
        };
        ((exact + carry) >> shift).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Writes a state register, stopping at its ends; bit `bit` of `left` says that it did.
    #[inline(always)]
    pub(crate) fn hold(value: i64, bit: u32, left: &mut u32) -> i32 {
        stop(value, (i64::from(i32::MIN), i64::from(i32::MAX)), bit, left)
    }

    /// A state value in registers, to the nearest.
    ///
    /// # Errors
    /// If the format cannot hold it.
    pub(crate) fn register(&self, field: &str, x: f64) -> Result<i32, ModelError> {
        let scaled = (x * f64::from(1 << self.bits)).round_ties_even();
        let end = f64::from(i32::MAX);
        match scaled.abs() <= end {
            true => Ok(scaled as i32),
            false => {
                let reach = end / f64::from(1 << self.bits);
                Err(ModelError::range(field, x, format!("a number in -{reach}..={reach}")))
            }
        }
    }

    /// State values of all neurons in registers.
    pub(crate) fn registers(&self, field: &str, values: &PerNeuron, n: usize) -> Result<Vec<i32>, ModelError> {
        values.values(field, n)?.into_iter().map(|x| self.register(field, x)).collect()
    }

    /// The left shift that brings an input to twice the fraction bits.
    pub(crate) fn input_shift(&self, input_exp: i32) -> Result<u32, ModelError> {
        Ok((2 * self.bits as i32 + input_exponent(input_exp)?) as u32)
    }
}

/// A power of two for the input, checked.
pub(crate) fn input_exponent(input_exp: i32) -> Result<i32, ModelError> {
    integer("input_exp", f64::from(input_exp), -15..=15)
}

/// A rate as a constant with [`UNIT`] fraction bits, to the nearest.
///
/// # Errors
/// If it is not in `-2..=2`.
pub(crate) fn rate(field: &str, x: f64) -> Result<i64, ModelError> {
    match x.abs() <= 2.0 {
        true => Ok((x * f64::from(1 << UNIT)).round_ties_even() as i64),
        false => Err(ModelError::range(field, x, "a rate per step in -2..=2")),
    }
}

/// A duration of a step `[ms]`, checked.
pub(crate) fn step_size(dt: f64) -> Result<f64, ModelError> {
    match dt > 0.0 && dt <= 1.0 {
        true => Ok(dt),
        false => Err(ModelError::range("dt", dt, "a number of ms above 0 and at most 1")),
    }
}

/// `e^x` with [`UNIT`] fraction bits in and out, for `x` of at most 32.
///
/// `x = n ln 2 + z` with `|z| <= ln 2 / 2`; the series of `e^z` to the tenth term leaves `3e-11`, and every of its
/// divisions one LSB: the relative error is below `2e-8`.
pub(crate) fn exp(x: i64) -> i128 {
    const LOG2_E: i128 = (std::f64::consts::LOG2_E * (1u64 << 40) as f64) as i128;
    const LN_2: i128 = (std::f64::consts::LN_2 * (1u64 << 50) as f64) as i128;
    let x = i128::from(x);
    let n = (((x * LOG2_E) >> 40) + (1 << (UNIT - 1))) >> UNIT;
    let z = x - ((n * LN_2) >> (50 - UNIT));
    let one = 1i128 << UNIT;
    let series = (1..10i128).rev().fold(one, |sum, k| one + ((z * sum / k) >> UNIT));
    if n >= 0 { series << n } else { series >> (-n).min(127) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Arithmetic;

    fn format(rounding: Rounding) -> Format {
        let a = Arithmetic::lava();
        Format::new(15, rounding, &Setting { arithmetic: &a, seed: 1, place: 0 }).unwrap()
    }

    #[test]
    fn each_rounding_at_ties_and_below_zero() {
        let (down, nearest, stochastic) =
            (format(Rounding::Down), format(Rounding::Nearest), format(Rounding::Stochastic));
        assert_eq!([down.round(-1, 1, 0), nearest.round(-1, 1, 0), nearest.round(1, 1, 0)], [-1, 0, 1]);
        assert_eq!([stochastic.round(1, 1, u32::MAX), stochastic.round(1, 1, 0)], [1, 0]);
        assert_eq!(stochastic.round(3 << 88, 90, 1 << 30), 1, "three quarters and one quarter make one");
        assert_eq!(stochastic.round(3 << 88, 90, (1 << 30) - 1), 0);
    }

    #[test]
    fn stochastic_rounding_keeps_the_mean() {
        let format = format(Rounding::Stochastic);
        let exact = 5 * (1i128 << 60) / 7;
        let ones: i64 = (0..7000u32)
            .map(|step| format.round(exact, 60, format.words(At { index: 3, local: 3, step: u64::from(step) })[2]))
            .sum();
        // 7000 draws with probability 5/7: five standard deviations are 189.
        assert!((ones - 5000).abs() < 189, "{ones}");
    }

    proptest! {
        #[test]
        fn the_exponential_is_within_its_bound(x in -20.0f64..32.0) {
            let fixed = (x * f64::from(1 << UNIT)) as i64;
            let exact = (fixed as f64 / f64::from(1 << UNIT)).exp();
            let got = exp(fixed) as f64 / f64::from(1 << UNIT);
            prop_assert!((got - exact).abs() <= 2e-8 * exact + 2.0 / f64::from(1 << UNIT), "{} {}", got, exact);
        }
    }
}
