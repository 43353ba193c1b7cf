//! Cell models: what a cell shows after it was written, as a function of its fate and its age.
//!
//! Each model is one file with its equations and their source. All speak of conductance in `[µS]`
//! and age in `[s]` since programming at 25 °C. A model is asked four things: what an open-loop
//! write leaves, how wide that error is, what the cell rests at after some age, and how noisy a read
//! is. The first three are persistent (they use the [`Fate`]), only the last is new at every instant.
//!
//! A model never invents: constants come from the profile file, with source and grade.

mod array;
mod cmo;
mod drift;
mod generic;
mod hermes;
mod ideal;
mod milo;
mod pcm;
mod sonos;
mod stochastic;
mod wan;

pub use array::Array;
pub use cmo::Cmo;
pub use generic::{Generic, Scaling, Shape};
pub use hermes::Hermes;
pub use ideal::Ideal;
pub use milo::Milo;
pub use pcm::{Fit, Pcm};
pub use sonos::Sonos;
pub use stochastic::{Cycle, Stochastic};
pub use wan::{SigmaAt, Wan};

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::fate::{Fate, Place};
use crate::plausible::MOST_US;
use crate::profile::Range;

/// What a programming left in a cell: part of the cell's life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// The conductance that was asked for `[µS]`.
    pub target: f64,
    /// The conductance right after the last pulse `[µS]`; may lie below zero by the statistics of a
    /// model, a reader sees zero then.
    pub value: f64,
    /// Standard deviation of `value − target` that programming already contains `[µS]`.
    pub spread: f64,
}

/// Which cell is meant, for models whose draws depend on more than one programming.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) place: Place,
    pub(crate) cell: u32,
    pub(crate) writes: u32,
}

/// The behaviour that each model file implements.
pub(crate) trait Physics {
    /// The conductance that an open-loop write leaves `[µS]`.
    fn written(&self, range: &Range, target: f64, fate: &Fate, cell: &Identity) -> f64;

    /// Standard deviation of an open-loop write `[µS]`.
    fn spread(&self, range: &Range, target: f64) -> f64;

    /// The conductance at `age_s` without read noise `[µS]`, not yet clamped to what can be seen.
    fn rested(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64;

    /// Standard deviation of a read at `age_s`, when the cell rests at `now` `[µS]`.
    fn read_sigma(&self, range: &Range, written: &Written, now: f64, age_s: f64) -> f64;

    /// The conductances a reader can see `[µS]`.
    fn visible(&self, _range: &Range) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    /// Oldest age for which the model was measured `[s]`; later states are extrapolated.
    fn measured_until_s(&self) -> f64;

    /// Checks the parameters.
    fn check(&self) -> Result<(), DeviceError>;
}

// To add a cell model: write `cell/<name>.rs` with its parameters and `Physics`, and add a line here.
macro_rules! cell_models {
    ($($(#[$doc:meta])* $name:ident => $tag:literal),* $(,)?) => {
        /// The table of cell models; a profile names one with `model = "…"` in its `[cell]` section.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "model")]
        #[non_exhaustive]
        pub enum CellModel {
            $($(#[$doc])* #[serde(rename = $tag)] $name($name)),*
        }

        impl CellModel {
            pub(crate) fn physics(&self) -> &dyn Physics {
                match self {
                    $(CellModel::$name(model) => model),*
                }
            }

            /// The name of the model in profile files.
            pub fn name(&self) -> &'static str {
                match self {
                    $(CellModel::$name(_) => $tag),*
                }
            }
        }
    };
}

cell_models! {
    /// Keeps exactly what was asked for.
    Ideal => "ideal",
    /// HfOx 1T1R RRAM with relaxation, after Wan et al. (NeuRRAM).
    Wan => "wan",
    /// HfOx RRAM after Milo et al., with a cubic current-voltage law.
    Milo => "milo",
    /// Conductive-metal-oxide / HfOx RRAM after Falcone et al.
    Cmo => "cmo",
    /// Cycle-to-cycle stochastic RRAM after Hennen et al.
    Stochastic => "stochastic",
    /// Array measurements with cells that cannot be programmed, after Gong, Rasch et al.
    Array => "array",
    /// Phase-change memory after Joshi, Nandakumar et al.
    Pcm => "pcm",
    /// The phase-change unit cells of HERMES, after Le Gallo et al.
    Hermes => "hermes",
    /// SONOS charge-trap memory after Agrawal et al.
    Sonos => "sonos",
    /// One error law without physics: normal or uniform; independent of the state, proportional or inverse.
    Generic => "generic",
}

impl CellModel {
    /// The conductance at `age_s` without read noise `[µS]`, as a reader sees it.
    pub fn rested(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        let (low, high) = self.physics().visible(range);
        let now = self.physics().rested(range, written, fate, age_s);
        now.max(low).min(high.min(MOST_US))
    }

    /// The conductance at `age_s` with the read noise `noise` (standard normal) `[µS]`.
    pub fn read(&self, range: &Range, written: &Written, fate: &Fate, age_s: f64, noise: f64) -> f64 {
        let physics = self.physics();
        let (low, high) = physics.visible(range);
        let now = physics.rested(range, written, fate, age_s);
        let now = if high.is_finite() { now } else { now.max(low) };
        let sigma = physics.read_sigma(range, written, now, age_s);
        (now + sigma * noise).max(low).min(high.min(MOST_US))
    }

    /// What an open-loop write to `target` leaves in write number `writes` of `cell`.
    pub fn write_open_loop(&self, range: &Range, target: f64, place: Place, cell: u32, writes: u32) -> Written {
        let fate = place.fate(cell, writes);
        let identity = Identity { place, cell, writes };
        Written {
            target,
            value: self.physics().written(range, target, &fate, &identity),
            spread: self.physics().spread(range, target),
        }
    }

    /// Oldest age for which the model was measured `[s]`; later states are extrapolated.
    pub fn measured_until_s(&self) -> f64 {
        self.physics().measured_until_s()
    }

    /// Whether an open-loop write misses its target.
    pub(crate) fn misses(&self, range: &Range) -> bool {
        self.physics().spread(range, f64::midpoint(range.g_min_us, range.g_max_us)) > 0.0
    }

    /// Whether a cell changes between one second and one year.
    pub(crate) fn ages(&self, range: &Range) -> bool {
        let middle = f64::midpoint(range.g_min_us, range.g_max_us);
        let written = Written { target: middle, value: middle, spread: 0.0 };
        let fate = Fate { write: 0.0, relax: 1.0, drift: 1.0 };
        let at = |age_s| self.physics().rested(range, &written, &fate, age_s);
        at(1.0) != at(31_536_000.0)
    }
}

/// `Σ c_i x^i`, coefficients in ascending order.
pub(crate) fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}
