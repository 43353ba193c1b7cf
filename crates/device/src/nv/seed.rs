//! The form in which the program that Pumice grew from keeps its memory, `nv_memory.json`: three lists of numbers.
//!
//! ```text
//! { "analog_neurons": [v, …], "digital_neurons": [v, …], "synaptic_weights": [w, …] }
//! ```
//!
//! There the numbers are millivolts: membrane voltages at the end of the last run, and one weight per synapse in the order
//! in which synapses were made. There are no names, indices, times or units in it, and that program never reads it back.
//! Source: Emir2099/BRIAN2, `AnalogAndDigital_Final/main_file.py`, and the file that it wrote there.

use serde::{Deserialize, Serialize};

use super::NvState;
use crate::error::DeviceError;
use crate::store::{FRACTION_BITS, WeightStore};

/// Memory as three lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedForm {
    /// Voltages of analog neurons; a chip forgets them without power, so a file of cells gives none.
    pub analog_neurons: Vec<f64>,
    /// Voltages of digital neurons; none either.
    pub digital_neurons: Vec<f64>,
    /// Weights: array by array, row by row, those that are zero included.
    pub synaptic_weights: Vec<f64>,
}

impl NvState {
    /// What the cells give at the present time without read noise, in levels of their arrays `[weight LSB]`.
    ///
    /// # Errors
    /// Fails when the parts of the state do not fit together.
    pub fn seed_form(&self) -> Result<SeedForm, DeviceError> {
        let mut form = SeedForm::default();
        for saved in &self.stores {
            let cells = saved.open()?;
            let now = cells.array().now_ns();
            let weights = WeightStore::Cells(Box::new(cells)).rows(now, false)?;
            form.synaptic_weights.extend(weights.iter().map(|w| *w as f64 / f64::from(1u32 << FRACTION_BITS)));
        }
        Ok(form)
    }
}

impl SeedForm {
    /// The lists as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("lists of numbers are JSON")
    }

    /// The lists from their JSON, if it has this form.
    pub fn from_json(text: &str) -> Option<SeedForm> {
        serde_json::from_str(text).ok()
    }
}
