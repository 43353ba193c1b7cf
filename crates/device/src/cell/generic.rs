//! One error law without physics, for studies of "what if": the error is normal or uniform, and
//! independent of the state, proportional or inversely proportional to it.
//!
//! ```text
//! g_p = g + m · e(ξ)            independent, m as a share of g_max
//! g_p = g · (1 + m · e(ξ))      proportional
//! g_p = g + m · e(ξ) / g        inverse, in units of g_max
//! ```
//!
//! with e(ξ) = ξ for a normal error of standard deviation m, and uniform in ±1/2 for a uniform error of
//! full width m (the convention of CrossSim).

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// The distribution of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Gaussian; the magnitude is its standard deviation.
    Normal,
    /// Uniform; the magnitude is its full width.
    Uniform,
}

/// How an error depends on the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The same at every conductance.
    Independent,
    /// Grows with the conductance.
    Proportional,
    /// Shrinks with the conductance.
    Inverse,
}

/// Parameters of the generic cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generic {
    /// Distribution of the programming error.
    pub shape: Shape,
    /// Dependence on the state.
    pub scaling: Scaling,
    /// Size of the error, as a share of g_max.
    pub magnitude: f64,
}

impl Generic {
    fn weight(&self, range: &Range, target: f64) -> f64 {
        let x = target / range.g_max_us;
        let size = match self.scaling {
            Scaling::Independent => 1.0,
            Scaling::Proportional => x,
            Scaling::Inverse if x > 0.0 => 1.0 / x,
            Scaling::Inverse => 0.0,
        };
        size * self.magnitude * range.g_max_us
    }
}

/// The cumulative distribution of a standard normal number, to 1.2e-7 (Abramowitz and Stegun 7.1.26
/// refined as in Numerical Recipes `erfc`).
fn cumulative(xi: f64) -> f64 {
    const C: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let z = xi.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let tail = 0.5 * t * (-z * z + super::polynomial(&C, t)).exp();
    if xi < 0.0 { tail } else { 1.0 - tail }
}

impl Physics for Generic {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        let error = match self.shape {
            Shape::Normal => fate.write,
            Shape::Uniform => cumulative(fate.write) - 0.5,
        };
        target + self.weight(range, target) * error
    }

    fn spread(&self, range: &Range, target: f64) -> f64 {
        let unit = match self.shape {
            Shape::Normal => 1.0,
            Shape::Uniform => 1.0 / 12f64.sqrt(),
        };
        self.weight(range, target) * unit
    }

    fn rested(&self, _: &Range, written: &Written, _: &Fate, _: f64) -> f64 {
        written.value
    }

    fn read_sigma(&self, _: &Range, _: &Written, _: f64, _: f64) -> f64 {
        0.0
    }

    fn measured_until_s(&self) -> f64 {
        f64::INFINITY
    }

    fn check(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
