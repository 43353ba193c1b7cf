//! 40 nm SONOS charge-trap memory after Agrawal et al., IEDM 2022 (128 K devices), with the
//! coefficients of CrossSim.
//!
//! The state is a current I `[nA]`; a conductance maps to it by the read voltage. For each measured
//! day a polynomial gives the shift of the mean and a saturating law the spread:
//!
//! ```text
//! I(t) = I_p + shift_t(I_target) + sqrt(σ_t² − σ_0²) · ξ,  σ_t = A_t (1 − e^(−I/B_t))
//! read σ = A_n (1 − e^(−I/B_n))
//! ```
//!
//! Coefficients are linear in time between the days, and extrapolated after the last.

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

const DAY_S: f64 = 86_400.0;

/// The statistics of one measured day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Coefficients of the shift of the mean over the current in nA, ascending `[nA]`.
    pub shift: Vec<f64>,
    /// A and B of the spread `[nA]`.
    pub spread: [f64; 2],
}

/// Parameters of the SONOS cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sonos {
    /// Current per conductance `[nA/µS]`: the read voltage in mV.
    pub na_per_us: f64,
    /// Statistics at days 0, 1, 2, …
    pub days: Vec<Day>,
    /// A and B of the read noise `[nA]`.
    pub read: [f64; 2],
}

fn saturating([a, b]: [f64; 2], current: f64) -> f64 {
    (a * (1.0 - (-current / b).exp())).max(0.0)
}

impl Sonos {
    /// Mean and spread of the current at `age_s` for a target current `[nA]`.
    fn at(&self, target: f64, age_s: f64) -> (f64, f64) {
        let day = age_s.max(0.0) / DAY_S;
        let k = (day as usize).min(self.days.len() - 2);
        let along = day - k as f64;
        let mix = |a: f64, b: f64| a + (b - a) * along;
        let (from, to) = (&self.days[k], &self.days[k + 1]);
        let shift = mix(polynomial(&from.shift, target), polynomial(&to.shift, target));
        let spread = [0, 1].map(|i| mix(from.spread[i], to.spread[i]));
        (target + shift, saturating(spread, target + shift))
    }
}

impl Physics for Sonos {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, _: &Range, target: f64) -> f64 {
        saturating(self.days[0].spread, target * self.na_per_us) / self.na_per_us
    }

    fn rested(&self, _: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        let target = written.target * self.na_per_us;
        let (mean, spread) = self.at(target, age_s);
        let before = written.spread * self.na_per_us;
        let grown = (spread * spread - before * before).max(0.0).sqrt();
        written.value + (mean - target + grown * fate.relax) / self.na_per_us
    }

    fn read_sigma(&self, _: &Range, _: &Written, now: f64, _: f64) -> f64 {
        saturating(self.read, now * self.na_per_us) / self.na_per_us
    }

    fn measured_until_s(&self) -> f64 {
        (self.days.len() - 1) as f64 * DAY_S
    }

    fn check(&self) -> Result<(), DeviceError> {
        let days = self.days.len();
        DeviceError::check(days >= 2, "number of `days`", days as f64, "at least 2")
    }
}
