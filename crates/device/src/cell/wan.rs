//! HfOx 1T1R RRAM with conductance relaxation, after Wan et al. (NeuRRAM), Nature 608, 2022.
//!
//! Measured is the standard deviation of the conductance around its target at a few ages,
//!
//! ```text
//! σ_k(g) = s · Σ_i c_ki (g/g_max)^i        s = g_max / fitted_g_max
//! ```
//!
//! A measured spread says nothing about one cell over time. Here a cell has one life: its value after
//! programming stays part of it, and relaxation adds one persistent direction ξ,
//!
//! ```text
//! g(t) = g_programmed + sqrt(σ²(t) − σ_programmed²) · ξ
//! ```
//!
//! with σ linear in log t between the measured ages, and constant after the last. `σ_programmed` is
//! what programming already contains: σ at the first age for an open-loop write, the width of the
//! acceptance window for write-verify, which then relaxes towards the first measured spread
//! between `SETTLED_S` and that age. The scale s keeps σ/g_max when the range is smaller than the
//! fitted one.

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Age at which relaxation starts `[s]`: the length of a pulse.
const SETTLED_S: f64 = 1e-6;

/// The measured spread at one age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigmaAt {
    /// Age `[s]`.
    pub age_s: f64,
    /// Coefficients of σ over g/g_max, ascending `[µS]`.
    pub coefficients: Vec<f64>,
}

/// Parameters of the relaxing HfOx cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wan {
    /// The full range for which the coefficients were fitted `[µS]`.
    pub fitted_g_max_us: f64,
    /// Spread at ascending ages.
    pub sigma: Vec<SigmaAt>,
    /// Standard deviation of a read, as a share of the conductance.
    pub read_noise: f64,
}

impl Wan {
    fn sigma_at(&self, range: &Range, target: f64, k: usize) -> f64 {
        let scale = range.g_max_us / self.fitted_g_max_us;
        let x = target / range.g_max_us;
        (polynomial(&self.sigma[k].coefficients, x) * scale).max(0.0)
    }

    /// Spread around `target` at `age_s`, starting from what programming left `[µS]`.
    fn sigma(&self, range: &Range, written: &Written, age_s: f64) -> f64 {
        let mut before = (SETTLED_S, written.spread);
        for (k, point) in self.sigma.iter().enumerate() {
            let here = (point.age_s, self.sigma_at(range, written.target, k));
            if age_s <= here.0 {
                let along = (age_s.max(before.0) / before.0).ln() / (here.0 / before.0).ln();
                return before.1 + (here.1 - before.1) * along;
            }
            before = here;
        }
        before.1
    }
}

impl Physics for Wan {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.sigma_at(range, target, 0) * fate.write
    }

    fn spread(&self, range: &Range, target: f64) -> f64 {
        self.sigma_at(range, target, 0)
    }

    fn rested(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        let sigma = self.sigma(range, written, age_s);
        let relaxed = (sigma * sigma - written.spread * written.spread).max(0.0);
        written.value + relaxed.sqrt() * fate.relax
    }

    fn read_sigma(&self, _: &Range, _: &Written, now: f64, _: f64) -> f64 {
        self.read_noise * now.abs()
    }

    fn measured_until_s(&self) -> f64 {
        self.sigma.last().map_or(0.0, |point| point.age_s)
    }

    fn check(&self) -> Result<(), DeviceError> {
        let ages = self.sigma.iter().map(|point| point.age_s);
        let ascending = ages.clone().zip(ages.skip(1)).all(|(a, b)| a < b);
        let first = self.sigma.first().map_or(0.0, |point| point.age_s);
        DeviceError::check(
            ascending && first > SETTLED_S,
            "first age of `sigma`",
            first,
            "above 1e-6 s, and the ages ascending",
        )
    }
}
