//! Steps that shrink linearly with the weight (electrochemical RAM after Tang et al., IEDM 2018).
//!
//! ```text
//! up    w ← w + s_up (1 − γ_up w/w_max)(1 + c ξ)
//! down  w ← w − s_dn (1 − γ_dn w/w_min)(1 + c ξ)       then clip
//! ```
//!
//! γ of a device is |γ + σ_γ ξ|; w_max and w_min in the slope are those of the mean device.

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use super::{Law, Pulse, PulsedDevice, Update};
use crate::fate::normal;

/// Parameters of the linear law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Share of the step up that is lost at w_max.
    pub gamma_up: f64,
    /// Share of the step down that is lost at w_min.
    pub gamma_down: f64,
    /// Spread of `gamma_up` between devices.
    #[serde(default)]
    pub gamma_up_dtod: f64,
    /// Spread of `gamma_down` between devices.
    #[serde(default)]
    pub gamma_down_dtod: f64,
}

impl Linear {
    pub(super) fn noise_free(self) -> Linear {
        Linear { gamma_up_dtod: 0.0, gamma_down_dtod: 0.0, ..self }
    }
}

impl Law for Linear {
    fn freeze(&self, update: &Update, _: &PulsedDevice, draws: &mut Draws) -> [f64; 2] {
        let up = (self.gamma_up + self.gamma_up_dtod * normal(draws)).abs();
        let down = (self.gamma_down + self.gamma_down_dtod * normal(draws)).abs();
        let slope = |gamma: f64, bound: f64| if bound == 0.0 { 0.0 } else { gamma / bound };
        [slope(up, update.w_max), slope(down, update.w_min)]
    }

    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64 {
        let noise = 1.0 + pulse.cycle_spread * pulse.noise;
        let [slope_up, slope_down] = device.frozen;
        let moved = if pulse.up {
            weight + device.up * (1.0 - slope_up * weight) * noise
        } else {
            weight - device.down * (1.0 - slope_down * weight) * noise
        };
        moved.clamp(device.min, device.max)
    }
}
