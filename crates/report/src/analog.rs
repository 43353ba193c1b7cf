//! What is known of the analog neurons of a chip.

use std::collections::BTreeMap;

use pumice_chip::ChipImage;
use pumice_profile::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The analog neurons of a network on a chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnalogReport {
    /// How many there are.
    pub neurons: u64,
    /// Standard deviation of the thermal noise of a membrane, as a share of the threshold; 0 where it is not modelled.
    pub noise_share: f64,
    /// What a membrane loses per step, as a share of the threshold; 0 where it is not modelled.
    pub droop_share: f64,
    /// What calibrating them took; null where they are left as they were made.
    pub calibration: Option<CalibrationReport>,
}

/// What calibration took. It is done once, and is no part of the energy of an inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationReport {
    /// Bits of all trims, which somebody keeps.
    pub trim_bits: u64,
    /// Measurements.
    pub measurements: u64,
    /// Time, cores side by side and the neurons of a core one after the other `[s]`.
    pub time_s: f64,
    /// Energy of the measurements `[J]`; null when it is not known.
    pub energy_j: Option<f64>,
}

impl AnalogReport {
    /// Of a placed network; `None` where all neurons are digital.
    pub(crate) fn new(chip: &ChipImage, profile: &Profile) -> Option<AnalogReport> {
        let design = profile.analog.as_ref()?.design();
        let mut by_core: BTreeMap<u32, u64> = BTreeMap::new();
        for seat in chip.banks.iter().filter_map(|bank| bank.circuits.as_ref()).flat_map(|own| &own.seats) {
            *by_core.entry(seat.core).or_default() += 1;
        }
        let neurons: Vec<u64> = by_core.into_values().collect();
        let calibration = design.calibration(&neurons).map(|cost| CalibrationReport {
            trim_bits: cost.bits,
            measurements: cost.measurements,
            time_s: cost.time_s,
            energy_j: cost.energy_j,
        });
        let (noise_share, droop_share) = (design.noise(), design.droop());
        let neurons = neurons.iter().sum();
        (neurons > 0).then_some(AnalogReport { neurons, noise_share, droop_share, calibration })
    }
}
