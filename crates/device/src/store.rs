//! `WeightStore`: the synapse memory of a core, backed by SRAM or by cells.
//!
//! A core asks for rows of weights and adds them up. SRAM gives back what was written. Cells give what
//! their life has made of it, as a fixed-point number in units of 2⁻¹⁶ of the weight's LSB: sums of such
//! numbers are exact, so adding rows spike by spike, in any order, and multiplying by a whole input vector
//! give the same sums.
//!
//! Learning on cells wears them. With an accumulator, changes of a weight add up in a digital register and
//! only reach the cells when they exceed a threshold; the register is volatile.

use serde::{Deserialize, Serialize};

use crate::array::{ArrayState, CellArray};
use crate::crossbar::{Analog, Mapping, Periphery};
use crate::error::{DeviceError, check_length};
use crate::fate::Place;
use crate::ledger::Ledger;
use crate::profile::CellProfile;
use crate::program::Programming;

/// Fraction bits of effective weights.
pub const FRACTION_BITS: u32 = 16;

const ONE: f64 = (1u64 << FRACTION_BITS) as f64;

/// The synapse memory of a core: `rows` sources by `cols` targets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WeightStore {
    /// Static memory: exact and volatile.
    Sram(Sram),
    /// Non-volatile cells.
    Cells(Box<CellStore>),
}

/// Static memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sram {
    cols: usize,
    weights: Vec<i32>,
}

/// How learning writes to cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Learning {
    /// Every change programs the cells.
    Direct,
    /// Changes add up, and program the cells when the sum reaches the threshold `[weight LSB]`.
    Accumulate {
        /// Threshold of the magnitude, at least 1.
        threshold: i32,
    },
}

/// How programming reaches a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Write and verify.
    Verify,
    /// One write, never looked at.
    OpenLoop,
}

/// How weights sit in cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// How a weight becomes conductances.
    pub mapping: Mapping,
    /// The weight at the end of the range `[weight LSB]`, at least 1.
    pub w_max: i32,
    /// How programming reaches a target.
    pub method: Method,
    /// How learning writes.
    pub learning: Learning,
    /// Spare rows, onto which write and verify moves rows with refused cells.
    pub spare_rows: u32,
}

/// The saved part of a [`CellStore`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreState {
    /// Targets per row.
    pub cols: u32,
    /// The weights that were asked for, row by row `[weight LSB]`.
    pub wanted: Vec<i32>,
    /// The cells.
    pub array: ArrayState,
}

/// Weights in cells.
#[derive(Clone, Debug)]
pub struct CellStore {
    layout: Layout,
    array: CellArray,
    cols: usize,
    wanted: Vec<i32>,
    /// Volatile: changes that have not reached the cells.
    pending: Vec<i32>,
}

impl WeightStore {
    /// Static memory of `rows` by `cols` weights, all zero.
    pub fn sram(rows: usize, cols: usize) -> WeightStore {
        WeightStore::Sram(Sram { cols, weights: vec![0; rows * cols] })
    }

    /// Fresh cells for `rows` by `cols` weights.
    ///
    /// # Errors
    /// Fails for a wrong layout, profile or size.
    pub fn cells(
        profile: CellProfile,
        place: Place,
        layout: Layout,
        rows: u32,
        cols: u32,
    ) -> Result<WeightStore, DeviceError> {
        layout.validate()?;
        let width = cols.saturating_mul(layout.mapping.cells() as u32);
        let array = CellArray::new(profile, place, [rows, width, layout.spare_rows])?;
        let count = rows as usize * cols as usize;
        Ok(WeightStore::Cells(Box::new(CellStore {
            layout,
            array,
            cols: cols as usize,
            wanted: vec![0; count],
            pending: vec![0; count],
        })))
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            WeightStore::Sram(sram) => (sram.weights.len().checked_div(sram.cols).unwrap_or(0), sram.cols),
            WeightStore::Cells(store) => (store.array.shape().0, store.cols),
        }
    }

    /// Writes all weights, row by row `[weight LSB]`.
    ///
    /// # Errors
    /// Fails for a wrong length and for what programming needs and the profile lacks.
    pub fn program(&mut self, weights: &[i32]) -> Result<Programming, DeviceError> {
        let (rows, cols) = self.shape();
        check_length("weights", weights, rows * cols)?;
        match self {
            WeightStore::Sram(sram) => {
                sram.weights.copy_from_slice(weights);
                Ok(Programming::default())
            }
            WeightStore::Cells(store) => store.program(weights),
        }
    }

    /// Changes one weight, as learning does `[weight LSB]`; gives the number of programmings it caused.
    ///
    /// # Errors
    /// Fails for a weight that does not exist and for what programming needs and the profile lacks.
    pub fn learn(&mut self, row: usize, col: usize, change: i32) -> Result<u32, DeviceError> {
        match self.change(row, col, change)? {
            true => self.write(row, col),
            false => Ok(0),
        }
    }

    /// Notes a change of one weight without programming `[weight LSB]`: whether [`WeightStore::write`] is due.
    ///
    /// # Errors
    /// Fails for a weight that does not exist.
    pub fn change(&mut self, row: usize, col: usize, change: i32) -> Result<bool, DeviceError> {
        let k = self.index(row, col)?;
        Ok(match self {
            WeightStore::Sram(sram) => {
                sram.weights[k] = sram.weights[k].saturating_add(change);
                false
            }
            WeightStore::Cells(store) => store.change(k, change),
        })
    }

    /// Programs the cells of one weight to what was asked for and all changes noted since; gives the number of
    /// programmings.
    ///
    /// # Errors
    /// Fails for a weight that does not exist and for what programming needs and the profile lacks.
    pub fn write(&mut self, row: usize, col: usize) -> Result<u32, DeviceError> {
        let k = self.index(row, col)?;
        match self {
            WeightStore::Sram(_) => Ok(0),
            WeightStore::Cells(store) => store.write(row, k),
        }
    }

    fn index(&self, row: usize, col: usize) -> Result<usize, DeviceError> {
        let (rows, cols) = self.shape();
        crate::array::check_index("row", row, rows)?;
        crate::array::check_index("column", col, cols)?;
        Ok(row * cols + col)
    }

    /// The effective weights of a row at `at_ns`, appended to `out` `[weight LSB · 2⁻¹⁶]`; with read noise if
    /// `noisy`. Nothing is counted: see [`WeightStore::count_reads`].
    ///
    /// # Errors
    /// Fails for a row that does not exist.
    pub fn row(&self, row: usize, at_ns: u64, noisy: bool, out: &mut Vec<i64>) -> Result<(), DeviceError> {
        let (rows, cols) = self.shape();
        crate::array::check_index("row", row, rows)?;
        match self {
            WeightStore::Sram(sram) => {
                let weights = &sram.weights[row * cols..(row + 1) * cols];
                out.extend(weights.iter().map(|w| i64::from(*w) << FRACTION_BITS));
                Ok(())
            }
            WeightStore::Cells(store) => store.row(row, at_ns, noisy, out),
        }
    }

    /// The same row rounded to whole weights, appended to `out` `[weight LSB]`.
    ///
    /// # Errors
    /// Fails for a row that does not exist.
    pub fn row_rounded(&self, row: usize, at_ns: u64, noisy: bool, out: &mut Vec<i32>) -> Result<(), DeviceError> {
        let mut fine = Vec::new();
        self.row(row, at_ns, noisy, &mut fine)?;
        let half = 1i64 << (FRACTION_BITS - 1);
        out.extend(fine.iter().map(|w| (w.saturating_add(half) >> FRACTION_BITS) as i32));
        Ok(())
    }

    /// `Σ_i x_i · w_ij` of all columns at `at_ns` `[weight LSB · 2⁻¹⁶]`; the sums of adding rows one by one.
    ///
    /// # Errors
    /// Fails for a wrong number of inputs.
    pub fn multiply(&self, x: &[i32], at_ns: u64, noisy: bool) -> Result<Vec<i64>, DeviceError> {
        let (rows, cols) = self.shape();
        check_length("inputs", x, rows)?;
        let mut sums = vec![0i64; cols];
        let mut weights = Vec::with_capacity(cols);
        for (row, &input) in x.iter().enumerate().filter(|(_, input)| **input != 0) {
            weights.clear();
            self.row(row, at_ns, noisy, &mut weights)?;
            for (sum, w) in sums.iter_mut().zip(&weights) {
                *sum = sum.saturating_add(w.saturating_mul(i64::from(input)));
            }
        }
        Ok(sums)
    }

    /// The effective weights of all rows at `at_ns`, row by row `[weight LSB · 2⁻¹⁶]`: for a core that keeps them
    /// for a while instead of asking the cells at every spike.
    ///
    /// # Errors
    /// Does not fail for a store that was made by this crate.
    pub fn rows(&self, at_ns: u64, noisy: bool) -> Result<Vec<i64>, DeviceError> {
        let (rows, cols) = self.shape();
        let mut all = Vec::with_capacity(rows * cols);
        for row in 0..rows {
            self.row(row, at_ns, noisy, &mut all)?;
        }
        Ok(all)
    }

    /// Counts `times` reads of a row at `at_ns`: their energy, and the disturb they cause.
    ///
    /// # Errors
    /// Fails for a row that does not exist and without a `[read]` section.
    pub fn count_reads(&mut self, row: usize, times: u64, at_ns: u64) -> Result<(), DeviceError> {
        match self {
            WeightStore::Sram(_) => Ok(()),
            WeightStore::Cells(store) => store.array.count_reads(row, times, at_ns),
        }
    }

    /// Lets `duration_ns` pass at `temperature_mk`, with or without power.
    ///
    /// # Errors
    /// Fails away from 25 °C without an activation energy.
    pub fn age(&mut self, duration_ns: u64, temperature_mk: u32) -> Result<(), DeviceError> {
        match self {
            WeightStore::Sram(_) => Ok(()),
            WeightStore::Cells(store) => store.array.age(duration_ns, temperature_mk),
        }
    }

    /// Counters of pulses, reads and energy; SRAM has none here.
    pub fn ledger(&self) -> Ledger {
        match self {
            WeightStore::Sram(_) => Ledger::default(),
            WeightStore::Cells(store) => *store.array.ledger(),
        }
    }

    /// What power-off leaves: static memory forgets, cells keep their life, the accumulator is lost.
    pub fn power_cycle(&mut self) {
        match self {
            WeightStore::Sram(sram) => sram.weights.fill(0),
            WeightStore::Cells(store) => store.pending.fill(0),
        }
    }

    /// The cells, if there are any.
    pub fn as_cells(&self) -> Option<&CellStore> {
        match self {
            WeightStore::Sram(_) => None,
            WeightStore::Cells(store) => Some(store),
        }
    }

    /// The cells, if there are any, to inject faults or set the clock.
    pub fn as_cells_mut(&mut self) -> Option<&mut CellStore> {
        match self {
            WeightStore::Sram(_) => None,
            WeightStore::Cells(store) => Some(store),
        }
    }
}

impl Layout {
    fn validate(&self) -> Result<(), DeviceError> {
        self.mapping.validate()?;
        DeviceError::check(self.w_max >= 1, "`w_max`", self.w_max.into(), "at least 1")?;
        match self.learning {
            Learning::Accumulate { threshold } => {
                DeviceError::check(threshold >= 1, "`threshold`", threshold.into(), "at least 1")
            }
            Learning::Direct => Ok(()),
        }
    }
}

impl CellStore {
    /// The cells from their saved state.
    ///
    /// # Errors
    /// Fails when the parts of the state do not fit together or do not fit the layout.
    pub fn from_state(profile: CellProfile, layout: Layout, state: StoreState) -> Result<CellStore, DeviceError> {
        layout.validate()?;
        let cols = state.cols as usize;
        let array = CellArray::from_state(profile, state.array)?;
        let (rows, width) = array.shape();
        let weights = width / layout.mapping.cells();
        DeviceError::check(
            weights == cols && width == cols * layout.mapping.cells(),
            "number of saved columns",
            cols as f64,
            "the width of the saved array by the mapping",
        )?;
        check_length("saved weights", &state.wanted, rows * cols)?;
        Ok(CellStore { layout, array, cols, pending: vec![0; rows * cols], wanted: state.wanted })
    }

    /// The part that survives power-off.
    pub fn state(&self) -> StoreState {
        StoreState { cols: self.cols as u32, wanted: self.wanted.clone(), array: self.array.state().clone() }
    }

    /// The array as it is at `at_ns`, with its converters and wires, ready to multiply.
    ///
    /// # Errors
    /// Fails for wires without resistance.
    pub fn analog(&self, at_ns: u64, noisy: bool, periphery: Periphery) -> Result<Analog, DeviceError> {
        let mapping = (self.layout.mapping, f64::from(self.layout.w_max));
        Analog::new(&self.array, mapping, (at_ns, noisy), periphery)
    }

    /// How weights sit in the cells.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The cells.
    pub fn array(&self) -> &CellArray {
        &self.array
    }

    /// The cells, to inject faults or set the clock.
    pub fn array_mut(&mut self) -> &mut CellArray {
        &mut self.array
    }

    /// The weights that were asked for last, row by row `[weight LSB]`.
    pub fn wanted(&self) -> &[i32] {
        &self.wanted
    }

    fn program(&mut self, weights: &[i32]) -> Result<Programming, DeviceError> {
        let targets = self.targets(weights);
        let programming = match self.layout.method {
            Method::Verify => {
                let mut programming = self.array.program_all(&targets)?;
                self.array.repair(&targets, &mut programming, 0)?;
                programming
            }
            Method::OpenLoop => self.array.write_all_open_loop(&targets)?,
        };
        self.wanted.copy_from_slice(weights);
        self.pending.fill(0);
        Ok(programming)
    }

    /// The conductances that stand for weights, row by row `[µS]`.
    fn targets(&self, weights: &[i32]) -> Vec<f64> {
        let (range, mapping) = (&self.array.profile().range, self.layout.mapping);
        let mut targets = Vec::with_capacity(weights.len() * mapping.cells());
        for &w in weights {
            mapping.encode(range, f64::from(self.layout.w_max), f64::from(w), &mut targets);
        }
        targets
    }

    /// Makes the cells hold exactly what was asked for; see [`CellArray::perfect`].
    ///
    /// # Errors
    /// Does not fail for a store that was made by this crate.
    pub fn perfect(&mut self) -> Result<(), DeviceError> {
        let targets = self.targets(&self.wanted);
        self.array.perfect(&targets)
    }

    /// Programs the cells again to what was asked for: the refresh.
    ///
    /// # Errors
    /// As programming.
    pub fn refresh(&mut self) -> Result<Programming, DeviceError> {
        let wanted = self.wanted.clone();
        self.program(&wanted)
    }

    /// Changes that have not reached the cells, row by row `[weight LSB]`; power-off forgets them.
    pub fn pending(&self) -> &[i32] {
        &self.pending
    }

    /// Takes back what [`CellStore::pending`] gave, for a run that goes on without power-off.
    ///
    /// # Errors
    /// Fails for a wrong length.
    pub fn set_pending(&mut self, pending: &[i32]) -> Result<(), DeviceError> {
        check_length("changes", pending, self.pending.len())?;
        self.pending.copy_from_slice(pending);
        Ok(())
    }

    fn change(&mut self, k: usize, change: i32) -> bool {
        self.pending[k] = self.pending[k].saturating_add(change);
        let threshold = match self.layout.learning {
            Learning::Direct => 1,
            Learning::Accumulate { threshold } => threshold,
        };
        self.pending[k].unsigned_abs() >= threshold.unsigned_abs()
    }

    fn write(&mut self, row: usize, k: usize) -> Result<u32, DeviceError> {
        let w_max = self.layout.w_max;
        let wanted = self.wanted[k].saturating_add(self.pending[k]).clamp(-w_max, w_max);
        self.pending[k] = 0;
        if wanted == self.wanted[k] {
            return Ok(0);
        }
        self.wanted[k] = wanted;
        let targets = self.targets(&[wanted]);
        let first = k % self.cols * self.layout.mapping.cells();
        for (c, &target) in targets.iter().enumerate() {
            match self.layout.method {
                Method::Verify => self.array.program(row, first + c, target)?,
                Method::OpenLoop => self.array.write_open_loop(row, first + c, target)?,
            };
        }
        Ok(targets.len() as u32)
    }

    fn row(&self, row: usize, at_ns: u64, noisy: bool, out: &mut Vec<i64>) -> Result<(), DeviceError> {
        let mut cells = Vec::with_capacity(self.cols * self.layout.mapping.cells());
        self.array.row(row, at_ns, noisy, &mut cells)?;
        let range = &self.array.profile().range;
        let w_max = f64::from(self.layout.w_max);
        out.extend(
            cells
                .chunks_exact(self.layout.mapping.cells())
                .map(|cells| (self.layout.mapping.decode(range, w_max, cells) * ONE).round() as i64),
        );
        Ok(())
    }
}
