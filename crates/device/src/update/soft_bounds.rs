//! Steps that vanish at the bounds, around a reference device (Gong et al., Nat. Commun. 9, 2018; Gong,
//! Rasch et al., IEDM 2022).
//!
//! ```text
//! u = w + ref
//! up    u ← u + s_up (1 − u/w_max + c ξ)
//! down  u ← u − s_dn (1 − u/w_min + c ξ)       then clip, w = u − ref
//! ```
//!
//! The reference may hold the symmetry point (s_up − s_dn)/(s_up/w_max − s_dn/w_min), where up and down
//! steps are equal.

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use super::{Law, Pulse, PulsedDevice, Update};
use crate::fate::normal;

/// Parameters of the soft-bounds law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftBounds {
    /// The reference of each device holds its symmetry point.
    #[serde(default)]
    pub subtract_symmetry_point: bool,
    /// Mean of the reference.
    #[serde(default)]
    pub reference_mean: f64,
    /// Spread of the reference between devices.
    #[serde(default)]
    pub reference_std: f64,
}

impl SoftBounds {
    pub(super) fn noise_free(self) -> SoftBounds {
        SoftBounds { reference_std: 0.0, ..self }
    }
}

impl Law for SoftBounds {
    fn freeze(&self, _: &Update, device: &PulsedDevice, draws: &mut Draws) -> [f64; 2] {
        let mut reference = self.reference_mean + self.reference_std * normal(draws);
        let slope = device.up / device.max - device.down / device.min;
        let around_zero = device.max > 0.0 && device.min < 0.0;
        if self.subtract_symmetry_point && around_zero && slope != 0.0 {
            reference += (device.up - device.down) / slope;
        }
        [reference, 0.0]
    }

    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64 {
        let [reference, _] = device.frozen;
        let noise = pulse.cycle_spread * pulse.noise;
        let u = weight + reference;
        let moved = if pulse.up {
            let share = if device.max > 0.0 { u / device.max } else { 0.0 };
            u + device.up * (1.0 - share + noise)
        } else {
            let share = if device.min < 0.0 { u / device.min } else { 0.0 };
            u - device.down * (1.0 - share + noise)
        };
        moved.clamp(device.min, device.max) - reference
    }
}
