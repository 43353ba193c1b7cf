//! Cells of a measured array, some of which cannot be programmed, after Gong, Rasch et al., IEDM 2022.
//!
//! The array measurements describe the answer to pulses (the `[update]` section of the profile) and
//! the share of cells that do not answer at all (`unprogrammable` of that section). Conductance is in
//! units of the range; the measurements give neither drift nor relaxation, so a cell keeps its value.
//! An open-loop write here is what a perfect pulse count would leave: the target, with the write noise
//! of one pulse.

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Parameters of the array cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// Standard deviation of the visible value around the hidden one, as a share of the range.
    pub write_noise: f64,
}

impl Physics for Array {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, range: &Range, _: f64) -> f64 {
        self.write_noise * (range.g_max_us - range.g_min_us)
    }

    fn rested(&self, _: &Range, written: &Written, _: &Fate, _: f64) -> f64 {
        written.value
    }

    fn read_sigma(&self, _: &Range, _: &Written, _: f64, _: f64) -> f64 {
        0.0
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
