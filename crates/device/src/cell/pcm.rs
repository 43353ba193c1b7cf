//! Phase-change memory after Joshi et al., Nat. Commun. 11, 2020 and Nandakumar et al., ICECS 2019,
//! with the coefficients of aihwkit and CrossSim.
//!
//! With x = g/g_max:
//!
//! ```text
//! program   g_p = g + (g_max/fitted_g_max) · Σ c_i x^i · ξ
//! drift     ν = |μ(x) + σ(x) ξ|,  μ and σ = clip(a ln x + b, low, high)
//! read      Q = min(q / max(x_p^power, 1e-3), q_max),  x_p from the programmed value
//! ```
//!
//! then drift and read noise grow with time as in `drift.rs`.

use serde::{Deserialize, Serialize};

use super::drift::{accumulated, drifted, exponent};
use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Smallest x at which the logarithms are taken.
const SMALLEST_X: f64 = 1e-7;

/// `clip(slope · ln x + offset, low, high)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Factor of ln x.
    pub slope: f64,
    /// Value at x = 1, before clipping.
    pub offset: f64,
    /// Lower clip.
    pub low: f64,
    /// Upper clip.
    pub high: f64,
}

impl Fit {
    pub(super) fn at(&self, x: f64) -> f64 {
        (self.slope * x.max(SMALLEST_X).ln() + self.offset).clamp(self.low, self.high)
    }

    pub(super) fn check(&self) -> Result<(), DeviceError> {
        DeviceError::check(self.low <= self.high, "`low` of a fit", self.low, "at most `high`")
    }
}

/// Parameters of the phase-change cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pcm {
    /// The full range for which `program` was fitted `[µS]`.
    pub fitted_g_max_us: f64,
    /// Coefficients of the programming spread over x, ascending `[µS]`.
    pub program: Vec<f64>,
    /// Mean of the drift exponent.
    pub nu_mean: Fit,
    /// Spread of the drift exponent between cells.
    pub nu_sigma: Fit,
    /// Time of the first read, from which drift counts `[s]`.
    pub t0_s: f64,
    /// Read noise at x = 1, as a share of the conductance.
    pub q: f64,
    /// Exponent of x in the read noise.
    pub q_power: f64,
    /// Largest read noise, as a share of the conductance.
    pub q_max: f64,
    /// Time of one read `[s]`.
    pub t_read_s: f64,
}

impl Physics for Pcm {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, range: &Range, target: f64) -> f64 {
        let scale = range.g_max_us / self.fitted_g_max_us;
        (scale * polynomial(&self.program, target / range.g_max_us)).max(0.0)
    }

    fn rested(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        let x = written.target / range.g_max_us;
        let nu = exponent(self.nu_mean.at(x), self.nu_sigma.at(x), fate.drift);
        written.value.max(0.0) * drifted(age_s, self.t0_s, nu)
    }

    fn read_sigma(&self, range: &Range, written: &Written, now: f64, age_s: f64) -> f64 {
        if age_s <= 0.0 {
            return 0.0;
        }
        let x = written.value.max(0.0) / range.g_max_us;
        let q = (self.q / x.powf(self.q_power).max(1e-3)).min(self.q_max);
        now.abs() * q * accumulated(age_s + self.t0_s, self.t_read_s)
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        self.nu_mean.check()?;
        self.nu_sigma.check()
    }
}
