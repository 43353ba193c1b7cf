//! Rows read one at a time, as spikes do: one row driver, all columns, one conversion per column.
//!
//! ```text
//! g         conductances of one moment (programmed, relaxed, drifted, faulty)
//! g'        with the drop of the wires, exact for a single driven row (see `gated.rs`)
//! x         difference of a pair, or the shifted column, over the span of the range
//! w         = w_max · gain · ADC(x), with a gain that is frozen for each column
//! ```
//!
//! Without read noise a weight is the same number at every read, so a core may keep the numbers. With read noise
//! every cell draws anew at every read: the draw is a pure function of (seed, core, cell, step of the chip), so it
//! does not depend on who reads, or in which order. A row is read at most once per step and delay.

use serde::{Deserialize, Serialize};

use super::convert::{Adc, AdcRange, Levels};
use super::gated::single_row;
use super::mapping::Mapping;
use super::nodal::Wires;
use crate::error::DeviceError;
use crate::fate::{Place, normals};
use crate::profile::Range;
use crate::store::{CellStore, FRACTION_BITS};

/// What surrounds the cells of an array whose rows are read one at a time; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowPeriphery {
    /// Bits of the converter of each column, sign included, over one full weight; none converts exactly.
    pub adc_bits: Option<u8>,
    /// Resistance of the wires.
    pub wires: Option<Wires>,
    /// Whether reads are noisy.
    pub read_noise: bool,
    /// Standard deviation of ln gain between columns; frozen for each column.
    pub gain_spread: f64,
}

/// The rows of an array at one moment, ready to be read one at a time.
#[derive(Clone, Debug)]
pub struct RowReads {
    place: Place,
    cols: usize,
    mapping: Mapping,
    range: Range,
    w_max: f64,
    adc: Option<Adc>,
    /// By column.
    gain: Vec<f64>,
    /// Conductances with the drop of the wires, row by row `[µS]`.
    g: Vec<f64>,
    /// Standard deviation of a read of each cell `[µS]`; empty if reads are not noisy.
    sigma: Vec<f64>,
}

impl RowReads {
    pub(crate) fn new(store: &CellStore, at_ns: u64, around: &RowPeriphery) -> Result<RowReads, DeviceError> {
        let (array, layout) = (store.array(), store.layout());
        let (rows, width) = array.shape();
        let one = AdcRange::Calibrated { min: -1.0, max: 1.0 };
        let adc = around.adc_bits.map(|bits| Adc::new(bits, Levels::SignMagnitude, one, rows)).transpose()?;
        let (mut g, mut sigma) = (Vec::with_capacity(rows * width), Vec::new());
        for row in 0..rows {
            let (seen, noise) = one_row(store, row, at_ns, around)?;
            g.extend(seen);
            sigma.extend(noise);
        }
        let place = array.state().place;
        let cols = width / layout.mapping.cells();
        Ok(RowReads {
            place,
            cols,
            gain: (0..cols).map(|col| (around.gain_spread * place.mismatch(col as u32)).exp()).collect(),
            mapping: layout.mapping,
            range: array.profile().range.clone(),
            w_max: f64::from(layout.w_max),
            adc,
            g,
            sigma,
        })
    }

    /// Reads one row of the same cells again, at `at_ns`: for rows that were written since.
    ///
    /// # Errors
    /// Fails for a row that does not exist.
    pub fn reread(
        &mut self,
        store: &CellStore,
        row: usize,
        at_ns: u64,
        around: &RowPeriphery,
    ) -> Result<(), DeviceError> {
        let (seen, noise) = one_row(store, row, at_ns, around)?;
        let own = row * seen.len()..(row + 1) * seen.len();
        self.g[own.clone()].copy_from_slice(&seen);
        if !noise.is_empty() {
            self.sigma[own].copy_from_slice(&noise);
        }
        Ok(())
    }

    /// The weight that a read without noise gives `[weight LSB · 2⁻¹⁶]`; 0 for a place that does not exist.
    pub fn weight(&self, row: usize, col: usize) -> i64 {
        self.g.get(self.cells(row, col)).map_or(0, |cells| self.decode(col, cells))
    }

    /// The weight that the read in `step` gives, with noise `[weight LSB · 2⁻¹⁶]`; reading again gives the same.
    pub fn noisy_weight(&self, row: usize, col: usize, step: u64) -> i64 {
        let at = self.cells(row, col);
        let (Some(cells), Some(sigma)) = (self.g.get(at.clone()), self.sigma.get(at.clone())) else {
            return self.weight(row, col);
        };
        let mut seen = [0.0; MOST_CELLS];
        for (k, pair) in seen[..cells.len()].chunks_mut(2).enumerate() {
            let xi = normals(self.place.row_noise((at.start + 2 * k) as u32, step));
            for (i, g) in pair.iter_mut().enumerate() {
                *g = (cells[2 * k + i] + sigma[2 * k + i] * xi[i]).max(0.0);
            }
        }
        self.decode(col, &seen[..cells.len()])
    }

    fn cells(&self, row: usize, col: usize) -> std::ops::Range<usize> {
        let n = self.mapping.cells();
        let first = (row * self.cols + col) * n;
        first..first + n
    }

    fn decode(&self, col: usize, cells: &[f64]) -> i64 {
        let span = self.range.span();
        let convert = |x: f64| self.adc.map_or(x, |adc| adc.convert(x));
        let weight = match self.mapping {
            Mapping::Pair { .. } => self.w_max * convert((cells[0] - cells[1]) / span),
            Mapping::Offset => self.w_max * convert(2.0 * (cells[0] - self.range.g_min_us) / span - 1.0),
            Mapping::BitSliced { bits, .. } => {
                let digit = f64::from((1u32 << bits) - 1);
                let pairs = cells.chunks_exact(2).rev();
                pairs.fold(0.0, |sum, p| sum * f64::from(1u32 << bits) + digit * convert((p[0] - p[1]) / span))
            }
        };
        (self.gain[col] * weight * (1u64 << FRACTION_BITS) as f64).round() as i64
    }
}

/// The conductances of one row with the drop of the wires, and the standard deviation of a read of each cell `[µS]`, which is
/// empty if reads are not noisy.
fn one_row(
    store: &CellStore,
    row: usize,
    at_ns: u64,
    around: &RowPeriphery,
) -> Result<(Vec<f64>, Vec<f64>), DeviceError> {
    let array = store.array();
    let (rows, width) = array.shape();
    let mut own = Vec::with_capacity(width);
    array.row(row, at_ns, false, &mut own)?;
    let seen = match around.wires {
        Some(wires) => single_row((rows, row), &own, wires)?,
        None => own.clone(),
    };
    if !around.read_noise {
        return Ok((seen, Vec::new()));
    }
    let noise = array.row_noise(row, at_ns)?;
    let share = |k: usize| if own[k] > 0.0 { seen[k] / own[k] } else { 1.0 };
    let sigma = noise.iter().enumerate().map(|(k, s)| s * share(k)).collect();
    Ok((seen, sigma))
}

/// Cells per weight, at most: 30 slices of one bit, two cells each.
const MOST_CELLS: usize = 60;

impl CellStore {
    /// The rows at `at_ns`, to be read one at a time as spikes do.
    ///
    /// # Errors
    /// Fails for converters and wires that are not possible.
    pub fn reads(&self, at_ns: u64, around: &RowPeriphery) -> Result<RowReads, DeviceError> {
        RowReads::new(self, at_ns, around)
    }
}
