//! The form in which the program that Pumice grew from keeps its memory, `nv_memory.json`: three lists of numbers.
//!
//! ```text
//! { "analog_neurons": [v, …], "digital_neurons": [v, …], "synaptic_weights": [w, …] }
//! ```
//!
//! [`NvState::seed_form`] gives the weights of cells, and [`NvState::program`] programs cells to them; voltages are those of a
//! chip that runs. There the numbers are millivolts: membrane voltages at the end of the last run, and one weight per synapse in the order
//! in which synapses were made. There are no names, indices, times or units in it, and that program never reads it back.
//! Source: Emir2099/BRIAN2, `AnalogAndDigital_Final/main_file.py`, and the file that it wrote there.

use serde::{Deserialize, Serialize};

use super::{NvState, SavedStore};
use crate::error::{DeviceError, check_length};
use crate::store::{FRACTION_BITS, WeightStore};

/// Memory as three lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedForm {
    /// Voltages of analog neurons `[state LSB]`; a chip forgets them without power, so a file of cells gives none.
    pub analog_neurons: Vec<f64>,
    /// Voltages of digital neurons `[state LSB]`; none either.
    pub digital_neurons: Vec<f64>,
    /// Weights: array by array, row by row, those that are zero included.
    pub synaptic_weights: Vec<f64>,
}

/// What programming cells to given weights came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Weights whose level is another than the cells were programmed to before.
    pub changed: usize,
    /// Weights beyond the levels of their array, clipped to its largest.
    pub clipped: usize,
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

    /// Programs the cells of all arrays to weights, array by array and row by row, rounded to whole levels `[weight LSB]`.
    ///
    /// # Errors
    /// For a wrong number of weights; for what programming needs and a technology lacks. Nothing is changed then.
    pub fn program(&mut self, weights: &[f64]) -> Result<Taken, DeviceError> {
        let stores = self.stores.iter().map(SavedStore::open).collect::<Result<Vec<_>, _>>()?;
        let have = stores.iter().map(|store| store.wanted().len()).sum();
        check_length("`synaptic_weights`", weights, have)?;
        let (mut programmed, mut taken, mut rest) = (Vec::with_capacity(stores.len()), Taken::default(), weights);
        for (saved, cells) in self.stores.iter().zip(stores) {
            let (own, others) = rest.split_at(cells.wanted().len());
            rest = others;
            let most = f64::from(cells.layout().w_max);
            taken.clipped += own.iter().filter(|w| w.round().abs() > most).count();
            let levels: Vec<i32> = own.iter().map(|w| w.round().clamp(-most, most) as i32).collect();
            taken.changed += levels.iter().zip(cells.wanted()).filter(|(new, old)| new != old).count();
            let mut store = WeightStore::Cells(Box::new(cells));
            store.program(&levels)?;
            programmed.extend(store.as_cells().map(|cells| SavedStore::new(saved.core, cells)));
        }
        self.stores = programmed;
        Ok(taken)
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
