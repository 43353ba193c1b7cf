//! Steps that depend exponentially on the weight (RRAM after Gong et al., Nat. Commun. 9, 2018; PCM after
//! Nandakumar et al., Front. Neurosci. 14, 2020).
//!
//! ```text
//! z = 2 a w/(w_max − w_min) + b
//! up    Δ = +max(1 − A_up e^(γ_up z), 0) · s_up
//! down  Δ = −max(1 − A_dn e^(−γ_dn z), 0) · s_dn
//! w ← w + Δ (1 + c ξ)                                  simple noise
//! w ← w + Δ + c (|Δ| + add + slope |w|) ξ              when add or slope is given; then clip
//! ```

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use super::{Law, Pulse, PulsedDevice, Update};

/// Parameters of the exponential law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Slope of z.
    pub a: f64,
    /// Offset of z.
    pub b: f64,
    /// Exponent of up steps.
    pub gamma_up: f64,
    /// Exponent of down steps.
    pub gamma_down: f64,
    /// Amplitude of up steps.
    pub a_up: f64,
    /// Amplitude of down steps.
    pub a_down: f64,
    /// Additive part of the noise of a step.
    #[serde(default)]
    pub noise_add: f64,
    /// Part of the noise of a step that grows with the weight.
    #[serde(default)]
    pub noise_slope: f64,
}

impl Law for Exponential {
    fn freeze(&self, _: &Update, _: &PulsedDevice, _: &mut Draws) -> [f64; 2] {
        [0.0; 2]
    }

    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64 {
        let span = device.max - device.min;
        if span <= 0.0 {
            return weight;
        }
        let z = 2.0 * weight / span * self.a + self.b;
        let moved = if pulse.up {
            (1.0 - self.a_up * (self.gamma_up * z).exp()).max(0.0) * device.up
        } else {
            -(1.0 - self.a_down * (-self.gamma_down * z).exp()).max(0.0) * device.down
        };
        let noise = if self.noise_add != 0.0 || self.noise_slope != 0.0 {
            moved.abs() + self.noise_add + self.noise_slope * weight.abs()
        } else {
            moved
        };
        let w = weight + moved + pulse.cycle_spread * noise * pulse.noise;
        w.clamp(device.min, device.max)
    }
}
