//! The capacitor of a membrane: thermal noise and leakage.
//!
//! ```text
//! noise   σ_V = sqrt(k_B T / C)                          k_B = 1.380649e-23 J/K (CODATA 2018)
//! droop   ΔV  = I_leak(T) Δt / C  per step               I_leak(T) = I_leak 2^((T − 25 °C) / K_double)
//! ```
//!
//! Both are given as shares of the voltage that a threshold stands for. How fast leakage grows with temperature is a
//! parameter of the circuit: without it leakage stays as it is.

use serde::{Deserialize, Serialize};

use super::dpi::K;
use crate::clock::REFERENCE_MK;

/// A membrane of an analog neuron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membrane {
    /// Capacitance `[F]`.
    pub capacitance_f: f64,
    /// Voltage that the threshold of a neuron stands for `[V]`.
    pub threshold_v: f64,
    /// Leakage at 25 °C `[A]`.
    pub leakage_a: f64,
    /// Temperature by which leakage doubles `[K]`.
    pub leakage_doubling_k: Option<f64>,
    /// Time that passes for the circuit in a step `[s]`.
    pub step_s: f64,
    /// Thermal noise is on.
    pub thermal: bool,
}

impl Membrane {
    /// Standard deviation of the thermal noise at a temperature `[mK]`, as a share of the threshold.
    pub fn noise(&self, temperature_mk: u32) -> f64 {
        let kelvin = f64::from(temperature_mk) / 1000.0;
        let volts = (K * kelvin / self.capacitance_f).sqrt();
        if self.thermal { volts / self.threshold_v } else { 0.0 }
    }

    /// What the membrane loses per step at a temperature `[mK]`, as a share of the threshold.
    pub fn droop(&self, temperature_mk: u32) -> f64 {
        let above_k = (f64::from(temperature_mk) - f64::from(REFERENCE_MK)) / 1000.0;
        let growth = self.leakage_doubling_k.map_or(1.0, |double| (above_k / double).exp2());
        self.leakage_a * growth * self.step_s / (self.capacitance_f * self.threshold_v)
    }
}

/// 3 pF, a threshold of 0.7 V, 0.5 pA, in steps of 1 ms.
#[cfg(test)]
pub(super) const EXAMPLE: Membrane = Membrane {
    capacitance_f: 3e-12,
    threshold_v: 0.7,
    leakage_a: 0.5e-12,
    leakage_doubling_k: None,
    step_s: 1e-3,
    thermal: true,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// 37 µV and 0.17 V/s: a capacitor of 3 pF that 0.5 pA discharge.
    #[test]
    fn a_capacitor_of_3_pf_has_its_noise_and_droop() {
        let membrane = EXAMPLE;
        assert!((membrane.noise(REFERENCE_MK) * 0.7 - 37.04e-6).abs() < 0.01e-6);
        assert!((membrane.droop(REFERENCE_MK) * 0.7 - 1.0 / 6.0 * 1e-3).abs() < 1e-9);
        assert!((membrane.noise(4 * REFERENCE_MK) / membrane.noise(REFERENCE_MK) - 2.0).abs() < 1e-9);
        assert_eq!(membrane.droop(2 * REFERENCE_MK), membrane.droop(REFERENCE_MK), "no growth is known");
        let warm = Membrane { leakage_doubling_k: Some(10.0), ..membrane };
        assert!((warm.droop(REFERENCE_MK + 20_000) / warm.droop(REFERENCE_MK) - 4.0).abs() < 1e-9);
        assert_eq!(Membrane { thermal: false, ..membrane }.noise(REFERENCE_MK), 0.0);
    }
}
