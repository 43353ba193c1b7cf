//! The phase-change unit cells of HERMES (14 nm), after Le Gallo et al., Nat. Electron. 6, 2023, with
//! the coefficients of aihwkit. One or two devices make a unit cell; a profile describes one of them.
//!
//! With x = g/g_max, programming as in `pcm.rs`; μ and σ of the drift exponent from the target, Q of
//! the read noise from the programmed value, each a clipped logarithm below a break and a polynomial
//! from it on.

use serde::{Deserialize, Serialize};

use super::drift::{accumulated, drifted, exponent};
use super::pcm::Fit;
use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// A clipped logarithm below `at`, a polynomial from there on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    /// Where the fit changes, as a share of the range.
    pub at: f64,
    /// Below the break.
    pub below: Fit,
    /// Coefficients from the break on, ascending.
    pub above: Vec<f64>,
}

impl Broken {
    fn value(&self, x: f64) -> f64 {
        if x < self.at { self.below.at(x) } else { polynomial(&self.above, x) }
    }
}

/// Parameters of a HERMES unit cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hermes {
    /// The full range for which `program` was fitted `[µS]`.
    pub fitted_g_max_us: f64,
    /// Coefficients of the programming spread over x, ascending `[µS]`.
    pub program: Vec<f64>,
    /// Mean of the drift exponent.
    pub nu_mean: Broken,
    /// Spread of the drift exponent between cells.
    pub nu_sigma: Broken,
    /// Read noise, as a share of the conductance.
    pub q: Broken,
    /// Time of the first read, from which drift counts `[s]`.
    pub t0_s: f64,
    /// Time of one read `[s]`.
    pub t_read_s: f64,
}

impl Physics for Hermes {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, range: &Range, target: f64) -> f64 {
        let scale = range.g_max_us / self.fitted_g_max_us;
        (scale * polynomial(&self.program, target / range.g_max_us)).max(0.0)
    }

    fn rested(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        let x = written.target / range.g_max_us;
        let nu = exponent(self.nu_mean.value(x), self.nu_sigma.value(x), fate.drift);
        written.value.max(0.0) * drifted(age_s, self.t0_s, nu)
    }

    fn read_sigma(&self, range: &Range, written: &Written, now: f64, age_s: f64) -> f64 {
        if age_s <= 0.0 {
            return 0.0;
        }
        let q = self.q.value(written.value.max(0.0) / range.g_max_us).max(0.0);
        now.abs() * q * accumulated(age_s + self.t0_s, self.t_read_s)
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        [&self.nu_mean, &self.nu_sigma, &self.q].iter().try_for_each(|fit| fit.below.check())
    }
}
