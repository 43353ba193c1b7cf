//! Converters: a finite number of levels over a range, saturating at its ends.
//!
//! ```text
//! q(x) = min + round((clip(x) − min)/step) · step,   step = (max − min)/(levels − 1)
//! ```
//!
//! Ties round to even. Two conventions of levels occur: 2^b, where zero lies between two levels of a
//! symmetric range, and 2^b − 1 (sign and magnitude), where zero is a level. Both ends are levels
//! (CrossSim's convention). The convention of aihwkit, a step of `2 · bound · resolution` around zero,
//! is [`quantise_to_step`].

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// How many levels `b` bits give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// 2^b levels.
    All,
    /// 2^b − 1 levels, one of which is zero.
    SignMagnitude,
}

/// Which values a converter covers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdcRange {
    /// Fixed limits, chosen from data beforehand.
    Calibrated {
        /// Lower limit.
        min: f64,
        /// Upper limit.
        max: f64,
    },
    /// Everything that can occur: ± the number of rows, for inputs and cells of at most 1.
    Full,
}

/// A converter of fixed resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adc {
    min: f64,
    max: f64,
    step: f64,
}

impl Adc {
    /// A converter of `bits` bits over `range`, for an array of `rows` rows.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for bits outside 1..=24, fewer than two levels, or an empty range.
    pub fn new(bits: u8, levels: Levels, range: AdcRange, rows: usize) -> Result<Adc, DeviceError> {
        DeviceError::check((1..=24).contains(&bits), "`bits`", bits.into(), "in 1..=24")?;
        let levels = (1u32 << bits) - u32::from(levels == Levels::SignMagnitude);
        DeviceError::check(levels >= 2, "number of levels", levels.into(), "at least 2")?;
        let (min, max) = match range {
            AdcRange::Calibrated { min, max } => (min, max),
            AdcRange::Full => (-(rows as f64), rows as f64),
        };
        DeviceError::check(max > min, "upper limit of the converter", max, "above the lower one")?;
        Ok(Adc { min, max, step: (max - min) / f64::from(levels - 1) })
    }

    /// Distance between two levels.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The level that stands for `x`.
    pub fn convert(&self, x: f64) -> f64 {
        let clipped = x.clamp(self.min, self.max);
        self.min + ((clipped - self.min) / self.step).round_ties_even() * self.step
    }

    /// The converter saturates at `x`.
    pub fn saturates(&self, x: f64) -> bool {
        x < self.min || x > self.max
    }

    /// Distance of `x` to the nearest decision between two levels.
    pub fn margin(&self, x: f64) -> f64 {
        let place = (x.clamp(self.min, self.max) - self.min) / self.step;
        (place - place.floor() - 0.5).abs() * self.step
    }
}

/// The nearest multiple of `2 · bound · resolution`, ties to even, clipped to ± `bound`.
pub fn quantise_to_step(x: f64, bound: f64, resolution: f64) -> f64 {
    if resolution <= 0.0 {
        return x.clamp(-bound, bound);
    }
    let step = 2.0 * bound * resolution;
    ((x / step).round_ties_even() * step).clamp(-bound, bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Inside the range the error is at most half a step; outside the result is an end of the range.
        #[test]
        fn a_converter_errs_by_half_a_step(bits in 2u8..12, x in -3.0f64..3.0, signed in any::<bool>()) {
            let levels = if signed { Levels::SignMagnitude } else { Levels::All };
            let range = AdcRange::Calibrated { min: -2.0, max: 2.0 };
            let adc = Adc::new(bits, levels, range, 1).unwrap();
            let y = adc.convert(x);
            if adc.saturates(x) {
                prop_assert!((y.abs() - 2.0).abs() < 1e-12);
            } else {
                prop_assert!((y - x).abs() <= adc.step() / 2.0 + 1e-12);
            }
            prop_assert!((adc.convert(y) - y).abs() < 1e-12);
            prop_assert!(!signed || adc.convert(0.0).abs() < 1e-12);
        }
    }
}
