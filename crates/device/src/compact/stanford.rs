//! The Stanford-PKU model (Guan, Yu, Wong, EDL 33(10), 2012; Jiang et al., SISPAD 2014): a gap that grows and
//! shrinks by field and heat.
//!
//! ```text
//! I = I_0 e^(−g/g_0) sinh(V/V_0)
//! T = T_0 + |V I R_th|                                  I of the step before
//! γ = γ_0 − β (g/1 nm)³, or 0 if γ |V|/t_ox < F_min
//! dg/dt = −v_0 e^(−q E_a/(k T)) sinh(γ a_0 q V/(t_ox k T))
//! ```
//!
//! The gap stays between those of r_on and r_off at the read voltage. q and k are those of the published
//! code. The random part of the dynamic variant is not modelled.

use serde::{Deserialize, Serialize};

use super::Compact;

const Q: f64 = 1.6e-19;
const K: f64 = 1.380_650_3e-23;

/// Parameters and state of a Stanford-PKU device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stanford {
    /// Highest resistance `[Ω]`.
    pub r_off: f64,
    /// Lowest resistance `[Ω]`.
    pub r_on: f64,
    /// Gap at the beginning, then the gap `[m]`.
    #[serde(rename = "gap_init")]
    pub gap: f64,
    /// Decay of the current with the gap `[m]`.
    pub g_0: f64,
    /// Voltage scale of the current `[V]`.
    #[serde(rename = "V_0")]
    pub v_0: f64,
    /// Current scale `[A]`.
    #[serde(rename = "I_0")]
    pub i_0: f64,
    /// Voltage at which r_on and r_off hold `[V]`.
    pub read_voltage: f64,
    /// Ambient temperature `[K]`.
    #[serde(rename = "T_init")]
    pub ambient_k: f64,
    /// Thermal resistance `[K/W]`.
    #[serde(rename = "R_th")]
    pub r_th: f64,
    /// Field enhancement at gap 0.
    pub gamma_init: f64,
    /// Loss of field enhancement per cubic nanometre.
    pub beta: f64,
    /// Thickness of the oxide `[m]`.
    pub t_ox: f64,
    /// Least field that moves the gap `[V/m]`.
    #[serde(rename = "F_min")]
    pub f_min: f64,
    /// Speed scale `[m/s]`.
    pub vel_0: f64,
    /// Activation energy `[eV]`.
    #[serde(rename = "E_a")]
    pub e_a: f64,
    /// Distance of atoms `[m]`.
    pub a_0: f64,
    /// Current of the step before `[A]`.
    #[serde(default)]
    pub current: f64,
    /// Conductance shown last `[S]`.
    #[serde(default)]
    pub shown: f64,
}

impl Stanford {
    /// The gap at which the resistance at the read voltage is `ohm` `[m]`.
    pub fn gap_of(&self, ohm: f64) -> f64 {
        let current = self.read_voltage / ohm;
        self.g_0 * (self.i_0 * (self.read_voltage / self.v_0).sinh() / current).ln()
    }

    fn clamped(&self, gap: f64) -> f64 {
        gap.min(self.gap_of(self.r_off)).max(self.gap_of(self.r_on))
    }

    fn current_at(&self, gap: f64, volts: f64) -> f64 {
        self.i_0 * (-gap / self.g_0).exp() * (volts / self.v_0).sinh()
    }

    fn speed(&self, gap: f64, volts: f64) -> f64 {
        let mut gamma = self.gamma_init - self.beta * (gap / 1e-9).powi(3);
        if gamma * volts.abs() / self.t_ox < self.f_min {
            gamma = 0.0;
        }
        let kt = K * (self.ambient_k + (volts * self.current * self.r_th).abs());
        let field = gamma * self.a_0 / self.t_ox * Q * volts / kt;
        -self.vel_0 * (-Q * self.e_a / kt).exp() * field.sinh()
    }
}

impl Compact for Stanford {
    fn step(&mut self, volts: f64, dt_s: f64) -> f64 {
        let gap = self.clamped(self.gap);
        self.gap = self.clamped(gap + self.speed(gap, volts) * dt_s);
        if volts != 0.0 {
            self.shown = self.current / volts;
        }
        self.current = self.current_at(self.gap, volts);
        self.current
    }

    fn conductance(&self) -> f64 {
        if self.shown > 0.0 {
            self.shown
        } else {
            self.current_at(self.clamped(self.gap), self.read_voltage) / self.read_voltage
        }
    }
}
