//! What two files of cells have not in common.

use serde::Serialize;

use super::{NvState, SavedStore};
use crate::{CellStore, DeviceError};

/// How the array of one core differs between two states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreDiff {
    /// Core that owns the store.
    pub core: u32,
    /// Weights of the array.
    pub weights: u64,
    /// Weights that were asked for and are not the same.
    pub weights_differ: u64,
    /// Cells of the array, spare rows left out.
    pub cells: u64,
    /// Cells whose conductance, without read noise and each at the age of its own state, is not the same.
    pub cells_differ: u64,
    /// Root mean square of the change of conductance over all cells `[µS]`.
    pub rms_us: f64,
    /// Largest change of a cell's conductance `[µS]`.
    pub largest_us: f64,
    /// What the clock of the second is ahead of the first `[s]`.
    pub age_s: f64,
    /// Pulses of the second beyond those of the first.
    pub pulses: i64,
    /// Cycles of the most used cell, first and second.
    pub most_cycles: [u64; 2],
    /// Faults, first and second.
    pub faults: [u64; 2],
}

impl StoreDiff {
    /// Whether nothing that is compared differs.
    pub fn is_empty(&self) -> bool {
        let [cycles, faults] = [self.most_cycles, self.faults].map(|[a, b]| a == b);
        let same = self.weights_differ == 0 && self.cells_differ == 0 && self.pulses == 0;
        same && self.age_s == 0.0 && cycles && faults
    }
}

impl NvState {
    /// How each array of `self` differs in `other`, by core.
    ///
    /// # Errors
    /// [`DeviceError::NotAlike`] if they are of other chips or have other arrays.
    pub fn diff(&self, other: &NvState) -> Result<Vec<StoreDiff>, DeviceError> {
        let cores = |state: &NvState| state.stores.iter().map(|s| s.core).collect::<Vec<_>>();
        if self.hardware != other.hardware {
            let (first, second) = (self.hardware.clone(), other.hardware.clone());
            return Err(DeviceError::NotAlike { what: "the chips", first, second });
        }
        if cores(self) != cores(other) {
            let [first, second] = [self, other].map(|state| format!("cores {:?}", cores(state)));
            return Err(DeviceError::NotAlike { what: "the cores with cells", first, second });
        }
        self.stores.iter().zip(&other.stores).map(|(a, b)| a.diff(b)).collect()
    }
}

impl SavedStore {
    fn diff(&self, other: &SavedStore) -> Result<StoreDiff, DeviceError> {
        let (a, b) = (self.open()?, other.open()?);
        let about = |store: &CellStore| {
            let (rows, cols) = store.array().shape();
            format!("{rows} rows of {cols} cells of {}", store.array().profile().name)
        };
        let wanted = [a.wanted(), b.wanted()];
        if about(&a) != about(&b) || wanted[0].len() != wanted[1].len() {
            return Err(DeviceError::NotAlike { what: "the arrays", first: about(&a), second: about(&b) });
        }
        let (rows, _) = a.array().shape();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for row in 0..rows {
            a.array().row(row, a.array().now_ns(), false, &mut first)?;
            b.array().row(row, b.array().now_ns(), false, &mut second)?;
        }
        let changes: Vec<f64> = first.iter().zip(&second).map(|(x, y)| (y - x).abs()).collect();
        let pulses =
            |store: &CellStore| (store.array().ledger().set_pulses + store.array().ledger().reset_pulses) as i64;
        let most = |store: &CellStore| store.array().state().cells.iter().map(|c| c.cycles).max().unwrap_or(0);
        let faults = |store: &CellStore| store.array().state().faults.len() as u64;
        Ok(StoreDiff {
            core: self.core,
            weights: wanted[0].len() as u64,
            weights_differ: wanted[0].iter().zip(wanted[1]).filter(|(x, y)| x != y).count() as u64,
            cells: changes.len() as u64,
            cells_differ: changes.iter().filter(|change| **change > 0.0).count() as u64,
            rms_us: (changes.iter().map(|change| change * change).sum::<f64>() / changes.len().max(1) as f64).sqrt(),
            largest_us: changes.iter().copied().fold(0.0, f64::max),
            age_s: (b.array().now_ns() as f64 - a.array().now_ns() as f64) / 1e9,
            pulses: pulses(&b) - pulses(&a),
            most_cycles: [most(&a), most(&b)],
            faults: [faults(&a), faults(&b)],
        })
    }
}
