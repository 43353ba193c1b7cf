//! Steps that grow with the voltage above a threshold: the answer of a filament to a ladder of pulses.
//!
//! ```text
//! up    w ← w + (s_up/v_unit) max(V − V_set, 0) (w_max − w)(1 + c ξ)
//! down  w ← w − (s_dn/v_unit) max(V − V_reset, 0) (w − w_min)(1 + c ξ)       then clip
//! ```
//!
//! with `v_unit` = 1 V. The thresholds of a device are log-normal. A share of devices is weak: half of
//! them cannot pass `weak_ceiling`, the other half cannot fall below `weak_floor` (both as shares of the
//! span); such cells never verify at the far end of the range.
//!
//! This law is a choice of this emulator, not a measured one: the spread of the thresholds is that of
//! Hennen et al., Front. Neurosci. 16, 2022, the weak share and the two kinds of failure are those of
//! the NeuRRAM programming logs, and the step is set so that write-verify needs the published number of
//! pulses.

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use super::{Law, Pulse, PulsedDevice, Update};
use crate::fate::normal;

/// Parameters of the threshold law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Median threshold of SET pulses `[V]`.
    pub set_v: f64,
    /// Median threshold of RESET pulses `[V]`.
    pub reset_v: f64,
    /// Spread of ln threshold between devices.
    pub threshold_dtod: f64,
    /// Share of weak devices.
    pub weak: f64,
    /// Highest share of the span that a weak device of the first kind reaches.
    pub weak_ceiling: f64,
    /// Lowest share of the span to which a weak device of the second kind falls.
    pub weak_floor: f64,
}

impl Threshold {
    pub(super) fn noise_free(self) -> Threshold {
        Threshold { threshold_dtod: 0.0, weak: 0.0, ..self }
    }

    /// Bounds of a device; `frozen[0]` tells whether it is a weak one.
    fn bounds(&self, device: &PulsedDevice) -> (f64, f64) {
        let span = device.max - device.min;
        let kind = device.frozen[0];
        if kind < self.weak / 2.0 {
            (device.min, device.min + self.weak_ceiling * span)
        } else if kind < self.weak {
            (device.min + self.weak_floor * span, device.max)
        } else {
            (device.min, device.max)
        }
    }
}

impl Law for Threshold {
    /// A uniform number that tells weak devices, and the factor of the thresholds.
    fn freeze(&self, _: &Update, _: &PulsedDevice, draws: &mut Draws) -> [f64; 2] {
        [draws.unit(), (self.threshold_dtod * normal(draws)).exp()]
    }

    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64 {
        let (low, high) = self.bounds(device);
        let noise = (1.0 + pulse.cycle_spread * pulse.noise).max(0.0);
        let factor = device.frozen[1];
        let moved = if pulse.up {
            let above = (pulse.volts - self.set_v * factor).max(0.0);
            weight + (device.up * above * noise).min(1.0) * (high - weight).max(0.0)
        } else {
            let above = (pulse.volts - self.reset_v * factor).max(0.0);
            weight - (device.down * above * noise).min(1.0) * (weight - low).max(0.0)
        };
        moved.clamp(device.min, device.max)
    }
}
