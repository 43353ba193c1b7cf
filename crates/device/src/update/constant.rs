//! Equal steps up to hard bounds (Gokmen and Vlasov, Front. Neurosci. 10, 2016).
//!
//! ```text
//! w ← clip(w ± s (1 + c ξ), w_min, w_max)
//! ```

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use super::{Law, Pulse, PulsedDevice, Update};

/// Parameters of the constant law: none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {}

impl Law for Constant {
    fn freeze(&self, _: &Update, _: &PulsedDevice, _: &mut Draws) -> [f64; 2] {
        [0.0; 2]
    }

    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64 {
        let noise = 1.0 + pulse.cycle_spread * pulse.noise;
        let moved = if pulse.up { weight + device.up * noise } else { weight - device.down * noise };
        moved.clamp(device.min, device.max)
    }
}
