//! The data-driven model of Messaris et al., TCAD 37(12), 2018: resistance that moves to a boundary set by the
//! voltage, in closed form over one step.
//!
//! ```text
//! s(V) = A (e^(t |V|) − 1)         r(V) = Σ r_m V^m
//! V > 0:  R ← ln(e^(η k r) + e^(−η k s dt)(e^(η k R) − e^(η k r)))/k           unless R > η r already
//! V < 0:  R ← −ln(e^(−η k R + η k s dt) − e^(−η k r)(e^(η k s dt) − 1))/k      unless R < η r already
//! I = a g sinh(b V)                with the conductance before the step
//! ```

use serde::{Deserialize, Serialize};

use super::Compact;

/// Parameters and state of a data-driven device; `_p` for positive, `_n` for negative voltages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataDriven {
    /// Highest resistance `[Ω]`.
    pub r_off: f64,
    /// Lowest resistance `[Ω]`.
    pub r_on: f64,
    /// Amplitude of the switching speed `[Ω/s]`.
    #[serde(rename = "A_p")]
    pub a_p_speed: f64,
    /// Amplitude of the switching speed `[Ω/s]`.
    #[serde(rename = "A_n")]
    pub a_n_speed: f64,
    /// Exponent of the speed `[1/V]`.
    pub t_p: f64,
    /// Exponent of the speed `[1/V]`.
    pub t_n: f64,
    /// Exponent of the resistance `[1/Ω]`.
    pub k_p: f64,
    /// Exponent of the resistance `[1/Ω]`.
    pub k_n: f64,
    /// Boundary over the voltage, ascending.
    pub r_p: Vec<f64>,
    /// Boundary over the voltage, ascending.
    pub r_n: Vec<f64>,
    /// Direction of switching, ±1.
    pub eta: f64,
    /// Current scale.
    pub a_p: f64,
    /// Current scale.
    pub a_n: f64,
    /// Voltage scale of the current `[1/V]`.
    pub b_p: f64,
    /// Voltage scale of the current `[1/V]`.
    pub b_n: f64,
    /// The conductance, 0 before the first step, which starts at r_on `[S]`.
    #[serde(default)]
    pub g: f64,
}

impl DataDriven {
    fn resistance(&self, volts: f64, dt_s: f64) -> f64 {
        let before = 1.0 / self.conductance();
        let eta = self.eta;
        let moved = if volts > 0.0 {
            let bound = crate::cell::polynomial(&self.r_p, volts);
            let speed = self.a_p_speed * ((self.t_p * volts).exp() - 1.0);
            let at_bound = (eta * self.k_p * bound).exp();
            let away = (eta * self.k_p * before).exp() - at_bound;
            let moved = (at_bound + (-eta * self.k_p * speed * dt_s).exp() * away).ln() / self.k_p;
            if moved > eta * bound { before } else { moved }
        } else if volts < 0.0 {
            let bound = crate::cell::polynomial(&self.r_n, volts);
            let speed = self.a_n_speed * ((self.t_n * -volts).exp() - 1.0);
            let drive = eta * self.k_n * speed * dt_s;
            let start = (-eta * self.k_n * before + drive).exp();
            let away = (-eta * self.k_n * bound).exp() * (drive.exp() - 1.0);
            let moved = -(start - away).ln() / self.k_n;
            if moved < eta * bound { before } else { moved }
        } else {
            return before;
        };
        if moved == before { before } else { moved.min(self.r_off).max(self.r_on) }
    }
}

impl Compact for DataDriven {
    fn step(&mut self, volts: f64, dt_s: f64) -> f64 {
        let (a, b) = if volts > 0.0 { (self.a_p, self.b_p) } else { (self.a_n, self.b_n) };
        let current = a * self.conductance() * (b * volts).sinh();
        self.g = 1.0 / self.resistance(volts, dt_s);
        current
    }

    fn conductance(&self) -> f64 {
        if self.g > 0.0 { self.g } else { 1.0 / self.r_on }
    }
}
