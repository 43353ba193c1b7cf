//! VTEAM (Kvatinsky et al., TCAS-II 62(8), 2015): a state that moves when the voltage passes a threshold.
//!
//! ```text
//! dx/dt = k_off (V/v_off − 1)^α_off   for V ≥ v_off
//!         k_on  (V/v_on − 1)^α_on     for V ≤ v_on,  0 between
//! I = V / (r_off x/d + r_on (1 − x/d)),   x in 0 … d
//! ```

use serde::{Deserialize, Serialize};

use super::Compact;

/// Parameters and state of a VTEAM device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vteam {
    /// Resistance at x = d `[Ω]`.
    pub r_off: f64,
    /// Resistance at x = 0 `[Ω]`.
    pub r_on: f64,
    /// Length `[m]`.
    pub d: f64,
    /// Speed towards on `[m/s]`.
    pub k_on: f64,
    /// Speed towards off `[m/s]`.
    pub k_off: f64,
    /// Exponent towards on.
    pub alpha_on: f64,
    /// Exponent towards off.
    pub alpha_off: f64,
    /// Threshold towards on `[V]`, negative.
    pub v_on: f64,
    /// Threshold towards off `[V]`, positive.
    pub v_off: f64,
    /// State at the beginning `[m]`.
    #[serde(rename = "x_on")]
    pub x: f64,
    /// Conductance shown last `[S]`.
    #[serde(default)]
    pub shown: f64,
}

impl Compact for Vteam {
    fn step(&mut self, volts: f64, dt_s: f64) -> f64 {
        let speed = if volts >= self.v_off {
            self.k_off * (volts / self.v_off - 1.0).powf(self.alpha_off)
        } else if volts <= self.v_on {
            self.k_on * (volts / self.v_on - 1.0).powf(self.alpha_on)
        } else {
            0.0
        };
        self.x = (self.x + speed * dt_s).clamp(0.0, self.d);
        let share = self.x / self.d;
        let current = volts / (self.r_off * share + self.r_on * (1.0 - share));
        if volts != 0.0 {
            self.shown = current / volts;
        }
        current
    }

    fn conductance(&self) -> f64 {
        if self.shown > 0.0 { self.shown } else { 1.0 / self.r_on }
    }
}
