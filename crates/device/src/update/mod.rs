//! Pulsed update laws: how far one pulse moves a cell.
//!
//! A law works on a weight w between `w_min` and `w_max`; an array maps that span onto its range of
//! conductance. Each device is frozen once from its draws,
//!
//! ```text
//! gain  = 1 + σ_d ξ   or   e^(σ_d ξ)          r = σ_ud ξ
//! s_up  = (b_up + gain + r) · dw              b_up = min(up_down, 0)
//! s_dn  = (b_dn + gain − r) · dw              b_dn = −max(up_down, 0)
//! w_max ← w_max (1 + σ ξ)                     w_min ← w_min (1 + σ ξ)
//! ```
//!
//! A consistent device takes magnitudes: steps above zero, bounds on both sides of it. One that is not and
//! whose bounds cross sits at their middle for ever.
//!
//! Each pulse adds its own noise. The visible weight is the hidden one plus write noise that is
//! new after each pulse. Equations after aihwkit (Rasch et al., AICAS 2021); each law in its own file.

mod constant;
mod exponential;
mod linear;
pub mod neurosim;
mod soft_bounds;
mod threshold;

pub use constant::Constant;
pub use exponential::Exponential;
pub use linear::Linear;
pub use soft_bounds::SoftBounds;
pub use threshold::Threshold;

use pumice_num::Draws;
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::fate::normal;

/// What each law file implements.
pub(crate) trait Law {
    /// Two more frozen numbers of a device, after the common ones.
    fn freeze(&self, update: &Update, device: &PulsedDevice, draws: &mut Draws) -> [f64; 2];

    /// The hidden weight after one pulse, before it is clipped to the bounds of the device.
    fn step(&self, device: &PulsedDevice, weight: f64, pulse: &Pulse) -> f64;
}

/// One pulse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// Up (SET) or down (RESET).
    pub up: bool,
    /// Amplitude `[V]`; only the threshold law uses it.
    pub volts: f64,
    /// Cycle-to-cycle noise, standard normal.
    pub noise: f64,
    /// Cycle-to-cycle noise as a share of a step.
    pub cycle_spread: f64,
}

// To add a law: write `update/<name>.rs` with its parameters and `Law`, and add a line here.
macro_rules! pulse_laws {
    ($($(#[$doc:meta])* $name:ident => $tag:literal),* $(,)?) => {
        /// The table of update laws; a profile names one with `kind = "…"` in `[update.law]`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        #[non_exhaustive]
        pub enum PulseLaw {
            $($(#[$doc])* #[serde(rename = $tag)] $name($name)),*
        }

        impl PulseLaw {
            fn law(&self) -> &dyn Law {
                match self {
                    $(PulseLaw::$name(law) => law),*
                }
            }
        }
    };
}

pulse_laws! {
    /// Equal steps up to hard bounds.
    Constant => "constant",
    /// Steps that shrink linearly with the weight.
    Linear => "linear",
    /// Steps that vanish at the bounds, around a reference.
    SoftBounds => "soft_bounds",
    /// Steps that depend exponentially on the weight.
    Exponential => "exponential",
    /// Steps that grow with the voltage above a threshold.
    Threshold => "threshold",
}

/// The update section of a cell profile. All weights are in the units of `w_min … w_max`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Smallest step at weight zero.
    pub dw_min: f64,
    /// Asymmetry: above 0 weakens down steps, below 0 weakens up steps.
    #[serde(default)]
    pub up_down: f64,
    /// Upper bound.
    pub w_max: f64,
    /// Lower bound.
    pub w_min: f64,
    /// Spread of the step between devices.
    #[serde(default)]
    pub dw_min_dtod: f64,
    /// The spread of the step is log-normal.
    #[serde(default)]
    pub log_normal: bool,
    /// Spread of the asymmetry between devices.
    #[serde(default)]
    pub up_down_dtod: f64,
    /// Spread of the upper bound between devices, as a share.
    #[serde(default)]
    pub w_max_dtod: f64,
    /// Spread of the lower bound between devices, as a share.
    #[serde(default)]
    pub w_min_dtod: f64,
    /// Spread of a step from pulse to pulse, as a share of the step.
    #[serde(default)]
    pub dw_min_std: f64,
    /// Noise of the visible weight after each pulse, in steps.
    #[serde(default)]
    pub write_noise_std: f64,
    /// Steps and bounds of every device have the right signs.
    #[serde(default)]
    pub consistent: bool,
    /// Share of devices that never answer.
    #[serde(default)]
    pub unprogrammable: f64,
    /// Largest magnitude at which such a device sits.
    #[serde(default)]
    pub unprogrammable_range: f64,
    /// The law.
    pub law: PulseLaw,
}

/// One device with its frozen properties.
#[derive(Clone, Debug, PartialEq)]
pub struct PulsedDevice {
    /// Step up.
    pub up: f64,
    /// Step down.
    pub down: f64,
    /// Upper bound.
    pub max: f64,
    /// Lower bound.
    pub min: f64,
    /// Two numbers whose meaning the law defines.
    pub frozen: [f64; 2],
    /// The device never answers and sits at this weight.
    pub stuck: Option<f64>,
}

impl Update {
    /// Freezes one device from its stream of draws.
    pub fn device(&self, mut draws: Draws) -> PulsedDevice {
        let d = &mut draws;
        let mut max = self.w_max * (1.0 + self.w_max_dtod * normal(d));
        let mut min = self.w_min * (1.0 + self.w_min_dtod * normal(d));
        let xi = self.dw_min_dtod * normal(d);
        let gain = if self.log_normal { xi.exp() } else { 1.0 + xi };
        let r = self.up_down_dtod * normal(d);
        let mut up = (self.up_down.min(0.0) + gain + r) * self.dw_min;
        let mut down = (-self.up_down.max(0.0) + gain - r) * self.dw_min;
        if self.consistent {
            (up, down) = (up.abs(), down.abs());
            (max, min) = (max.max(min).abs(), -max.min(min).abs());
        } else if min > max {
            max = f64::midpoint(min, max);
            min = max;
        }
        let mut device = PulsedDevice { up, down, max, min, frozen: [0.0; 2], stuck: None };
        if d.unit() < self.unprogrammable {
            let low = min.max(-self.unprogrammable_range);
            let high = max.min(self.unprogrammable_range);
            device.stuck = Some(low + (high - low) * d.unit());
        }
        device.frozen = self.law.law().freeze(self, &device, d);
        device
    }

    /// The same update without any spread or noise.
    pub fn noise_free(&self) -> Update {
        Update {
            dw_min_dtod: 0.0,
            up_down_dtod: 0.0,
            w_max_dtod: 0.0,
            w_min_dtod: 0.0,
            dw_min_std: 0.0,
            write_noise_std: 0.0,
            unprogrammable: 0.0,
            law: match self.law.clone() {
                PulseLaw::Linear(law) => PulseLaw::Linear(law.noise_free()),
                PulseLaw::SoftBounds(law) => PulseLaw::SoftBounds(law.noise_free()),
                PulseLaw::Threshold(law) => PulseLaw::Threshold(law.noise_free()),
                law => law,
            },
            ..self.clone()
        }
    }

    /// The same update with devices that all answer and reach both ends of the range; their other draws are the same.
    pub(crate) fn without_faults(&self) -> Update {
        let law = match self.law.clone() {
            PulseLaw::Threshold(law) => PulseLaw::Threshold(Threshold { weak: 0.0, ..law }),
            law => law,
        };
        Update { unprogrammable: 0.0, law, ..self.clone() }
    }

    /// The hidden weight that setting `device` to `weight` gives.
    pub fn set(&self, device: &PulsedDevice, weight: f64) -> f64 {
        device.stuck.unwrap_or(weight.clamp(device.min, device.max))
    }

    /// The hidden weight after one pulse; `noise` is standard normal.
    pub fn step(&self, device: &PulsedDevice, weight: f64, up: bool, volts: f64, noise: f64) -> f64 {
        if let Some(stuck) = device.stuck {
            return stuck;
        }
        let pulse = Pulse { up, volts, noise, cycle_spread: self.dw_min_std };
        self.law.law().step(device, weight, &pulse)
    }

    /// The visible weight of a device whose hidden weight is `hidden`; `noise` is standard normal.
    pub fn visible(&self, hidden: f64, noise: f64) -> f64 {
        hidden + self.write_noise_std * self.dw_min * noise
    }

    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        // Bounds that are not zero lie so far from it that no share of a bound overflows.
        for (what, bound) in [("`w_max`", self.w_max), ("`w_min`", self.w_min)] {
            DeviceError::check(bound == 0.0 || bound.abs() >= 1e-6, what, bound, "0, or at least 1e-6 away from it")?;
        }
        DeviceError::check(self.w_max > self.w_min, "`w_max`", self.w_max, "above `w_min`")
    }
}
