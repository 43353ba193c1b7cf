//! An array of cells, each with one coherent life.
//!
//! Persistent state (saved): for each cell what was asked for, what programming left, when, how often and
//! how many pulses and cycles it took; the clock with its temperatures; faults; the map of spare rows; the
//! ledger. Everything random is recomputed from (seed, core, cell, write number), see `fate.rs`. So the
//! state at a time is a pure function of that life: reading changes nothing, in any order, from any worker,
//! before or after saving.
//!
//! What a reader sees at time t, first match wins:
//!
//! 1. a fault that began at or before t;
//! 2. a cell that never answers (drawn once per cell);
//! 3. the value programming left, relaxed and drifted to the age at t, disturbed by the reads since,
//!    shifted by telegraph noise, and read with noise.
//!
//! A time before the last write shows the cell as just written: the life before it is gone.

use serde::{Deserialize, Serialize};

use crate::cell::Written;
use crate::clock::{Clock, REFERENCE_MK};
use crate::error::{DeviceError, check_length};
use crate::fate::{Place, normals};
use crate::fault::{Fault, FaultMap, Site};
use crate::ledger::{Ledger, add, energy_aj};
use crate::plausible;
use crate::profile::{Access, CellProfile};
use pumice_num::draw_unit;

/// The persistent part of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The conductance that was asked for when the cell was last pulsed `[µS]`: it relaxes around that, also when another
    /// one was asked for since and the cell was there already.
    pub target_us: f64,
    /// The conductance right after the last programming `[µS]`.
    pub value_us: f64,
    /// Spread that programming already contains `[µS]`.
    pub spread_us: f64,
    /// Time of the last programming `[ns]`.
    pub written_ns: u64,
    /// Number of programmings; 0 for a fresh cell.
    pub writes: u32,
    /// Pulses of both polarities.
    pub pulses: u64,
    /// Trains of pulses of one polarity: an upper bound of the SET/RESET cycles used.
    pub cycles: u64,
    /// Verify reads.
    pub verifies: u64,
    /// Reads of its row when it was written.
    pub reads_before: u64,
    /// It reached its endurance and keeps its last value.
    pub worn: bool,
}

/// The persistent state of an array, as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayState {
    /// Seed and core.
    pub place: Place,
    /// Logical rows.
    pub rows: u32,
    /// Columns.
    pub cols: u32,
    /// Spare rows after the logical ones.
    pub spares: u32,
    /// All cells, row by row, spare rows last.
    pub cells: Vec<Cell>,
    /// Physical row of each logical row.
    pub row_map: Vec<u32>,
    /// Spare rows in use.
    pub spares_used: u32,
    /// Reads of each physical row.
    pub row_reads: Vec<u64>,
    /// Faults.
    pub faults: FaultMap,
    /// Time and temperature.
    pub clock: Clock,
    /// Counters.
    pub ledger: Ledger,
}

/// An array of cells of one technology.
#[derive(Clone, Debug)]
pub struct CellArray {
    pub(crate) profile: CellProfile,
    pub(crate) state: ArrayState,
}

impl CellArray {
    /// A fresh array of `rows` by `cols` cells with `spares` more rows; all cells are at the low end.
    ///
    /// # Errors
    /// Fails for an array without cells or with more than 2³¹.
    pub fn new(profile: CellProfile, place: Place, [rows, cols, spares]: [u32; 3]) -> Result<CellArray, DeviceError> {
        profile.validate()?;
        let count = (u64::from(rows) + u64::from(spares)) * u64::from(cols);
        DeviceError::check(rows > 0 && (1..=1 << 31).contains(&count), "number of cells", count as f64, "in 1..=2^31")?;
        let fresh = Cell {
            target_us: profile.range.g_min_us,
            value_us: profile.range.g_min_us,
            spread_us: 0.0,
            written_ns: 0,
            writes: 0,
            pulses: 0,
            cycles: 0,
            verifies: 0,
            reads_before: 0,
            worn: false,
        };
        let state = ArrayState {
            place,
            rows,
            cols,
            spares,
            cells: vec![fresh; count as usize],
            row_map: (0..rows).collect(),
            spares_used: 0,
            row_reads: vec![0; (rows + spares) as usize],
            faults: FaultMap::default(),
            clock: Clock::default(),
            ledger: Ledger::default(),
        };
        Ok(CellArray { profile, state })
    }

    /// An array from its saved state.
    ///
    /// # Errors
    /// Fails when the parts of the state do not fit together.
    pub fn from_state(profile: CellProfile, state: ArrayState) -> Result<CellArray, DeviceError> {
        profile.validate()?;
        let physical = state.rows as usize + state.spares as usize;
        check_length("saved cells", &state.cells, physical.saturating_mul(state.cols as usize))?;
        check_length("saved row map", &state.row_map, state.rows as usize)?;
        check_length("saved row reads", &state.row_reads, physical)?;
        for &row in &state.row_map {
            check_index("physical row", row as usize, physical)?;
        }
        let used = state.spares_used;
        DeviceError::check(used <= state.spares, "number of used spare rows", used.into(), "at most the spare rows")?;
        plausible::check(&state)?;
        Ok(CellArray { profile, state })
    }

    /// The persistent state.
    pub fn state(&self) -> &ArrayState {
        &self.state
    }

    /// The technology of the cells.
    pub fn profile(&self) -> &CellProfile {
        &self.profile
    }

    /// Logical rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.state.rows as usize, self.state.cols as usize)
    }

    /// Counters of everything the array has done.
    pub fn ledger(&self) -> &Ledger {
        &self.state.ledger
    }

    /// Time since the array was made `[ns]`.
    pub fn now_ns(&self) -> u64 {
        self.state.clock.now_ns()
    }

    /// Moves the clock to `now_ns`, as emulated steps do.
    ///
    /// # Errors
    /// [`DeviceError::TimeRunsBack`] for a time before the present one, and
    /// [`DeviceError::UnknownActivationEnergy`] when the ambient is not the reference temperature.
    pub fn advance_to(&mut self, now_ns: u64) -> Result<(), DeviceError> {
        self.check_temperature(self.state.clock.ambient_mk())?;
        self.state.clock.advance_to(now_ns)
    }

    /// Lets `duration_ns` pass at `temperature_mk`, with or without power.
    ///
    /// # Errors
    /// [`DeviceError::UnknownActivationEnergy`] away from 25 °C, unless the profile has one.
    pub fn age(&mut self, duration_ns: u64, temperature_mk: u32) -> Result<(), DeviceError> {
        self.check_temperature(temperature_mk)?;
        self.state.clock.pass(duration_ns, temperature_mk);
        Ok(())
    }

    /// Sets the temperature at which [`CellArray::advance_to`] lets time pass `[mK]`.
    ///
    /// # Errors
    /// [`DeviceError::UnknownActivationEnergy`] away from 25 °C, unless the profile has one.
    pub fn set_ambient(&mut self, temperature_mk: u32) -> Result<(), DeviceError> {
        self.check_temperature(temperature_mk)?;
        self.state.clock.set_ambient_mk(temperature_mk);
        Ok(())
    }

    fn check_temperature(&self, temperature_mk: u32) -> Result<(), DeviceError> {
        if temperature_mk == REFERENCE_MK || self.profile.activation_energy_ev().is_some() {
            return Ok(());
        }
        Err(DeviceError::UnknownActivationEnergy {
            profile: self.profile.name.clone(),
            temperature_k: f64::from(temperature_mk) * 1e-3,
        })
    }

    /// The persistent part of a cell, by logical row.
    ///
    /// # Errors
    /// [`DeviceError::OutOfArray`] for a cell that does not exist.
    pub fn cell(&self, row: usize, col: usize) -> Result<&Cell, DeviceError> {
        Ok(&self.state.cells[self.index(row, col)?])
    }

    /// The conductance at `at_ns` without read noise `[µS]`: what the cell is.
    ///
    /// # Errors
    /// [`DeviceError::OutOfArray`] for a cell that does not exist.
    pub fn conductance(&self, row: usize, col: usize, at_ns: u64) -> Result<f64, DeviceError> {
        Ok(self.seen(self.index(row, col)?, at_ns, None))
    }

    /// The conductance that a read at `at_ns` sees, with noise `[µS]`. Reading again gives the same.
    ///
    /// # Errors
    /// [`DeviceError::OutOfArray`] for a cell that does not exist.
    pub fn read(&self, row: usize, col: usize, at_ns: u64) -> Result<f64, DeviceError> {
        let cell = self.index(row, col)?;
        let noise = self.state.place.read_noise(cell as u32, at_ns);
        Ok(self.seen(cell, at_ns, Some(noise)))
    }

    /// The conductances of a row at `at_ns` `[µS]`, appended to `row_out`; with read noise if `noisy`.
    ///
    /// # Errors
    /// [`DeviceError::OutOfArray`] for a row that does not exist.
    pub fn row(&self, row: usize, at_ns: u64, noisy: bool, row_out: &mut Vec<f64>) -> Result<(), DeviceError> {
        let first = self.index(row, 0)?;
        row_out.extend((first..first + self.state.cols as usize).map(|cell| {
            let noise = noisy.then(|| self.state.place.read_noise(cell as u32, at_ns));
            self.seen(cell, at_ns, noise)
        }));
        Ok(())
    }

    /// The standard deviation of a read of each cell of a row at `at_ns` `[µS]`.
    pub(crate) fn row_noise(&self, row: usize, at_ns: u64) -> Result<Vec<f64>, DeviceError> {
        let first = self.index(row, 0)?;
        let one_up = |cell| (self.seen(cell, at_ns, Some(1.0)) - self.seen(cell, at_ns, None)).max(0.0);
        let one_down = |cell| (self.seen(cell, at_ns, None) - self.seen(cell, at_ns, Some(-1.0))).max(0.0);
        // A value at an end of what is visible moves to one side only.
        Ok((first..first + self.state.cols as usize).map(|cell| f64::max(one_up(cell), one_down(cell))).collect())
    }

    /// Makes every cell of the logical rows hold exactly its target at the present time, row by row `[µS]`: what
    /// programming without error would have left. Faults stay. A study uses it to see what the errors of programming cost;
    /// no chip can do it.
    ///
    /// # Errors
    /// Fails for a wrong length.
    pub fn perfect(&mut self, targets_us: &[f64]) -> Result<(), DeviceError> {
        let (rows, cols) = self.shape();
        check_length("targets", targets_us, rows * cols)?;
        let now = self.now_ns();
        for (k, &target_us) in targets_us.iter().enumerate() {
            let number = self.index(k / cols, k % cols)?;
            let reads_before = self.state.row_reads[number / cols];
            let cell = &mut self.state.cells[number];
            // A cell that was in its window already got no pulse and still relaxes from an older one: here it gets one.
            cell.writes += u32::from(cell.written_ns < now || cell.writes == 0);
            (cell.target_us, cell.value_us) = (target_us, target_us);
            (cell.written_ns, cell.reads_before) = (now, reads_before);
        }
        Ok(())
    }

    /// Makes each cell of the logical rows stick with probability `share` from `since_ns` on, at the low or at the high
    /// end with equal chance. Which ones is drawn once from (seed, core, cell): a larger share sticks the same cells and
    /// more. Gives the number of cells.
    ///
    /// # Errors
    /// Fails for a share outside 0 to 1.
    pub fn stick(&mut self, share: f64, since_ns: u64) -> Result<u64, DeviceError> {
        DeviceError::check((0.0..=1.0).contains(&share), "share of stuck cells", share, "in 0..=1")?;
        let (rows, cols) = self.shape();
        let mut stuck = 0;
        for (row, col) in (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))) {
            let words = self.state.place.failure(self.index(row, col)? as u32, 2);
            if draw_unit([words[0], words[1]]) < share {
                let fault = if words[2] & 1 == 0 { Fault::StuckLow } else { Fault::StuckHigh };
                self.inject(Site::Cell { row: row as u32, col: col as u32 }, fault, since_ns)?;
                stuck += 1;
            }
        }
        Ok(stuck)
    }

    /// Counts `times` reads of a row at `at_ns` with their energy, half-selected cells included.
    ///
    /// # Errors
    /// Fails without a `[read]` section, for a row that does not exist, and when the ledger is full.
    pub fn count_reads(&mut self, row: usize, times: u64, at_ns: u64) -> Result<(), DeviceError> {
        let first = self.index(row, 0)?;
        let read = self.profile.need(&self.profile.read, "read", "counting reads")?.clone();
        let cols = self.state.cols as usize;
        let selected = self.energy_of(first..first + cols, read.voltage_v, read.pulse_ns, at_ns);
        let mut energy = selected;
        if read.access == Access::Passive {
            let (before, after) = (0..first, first + cols..self.state.cells.len());
            let half = read.voltage_v / 2.0;
            add(&mut energy, self.energy_of(before, half, read.pulse_ns, at_ns));
            add(&mut energy, self.energy_of(after, half, read.pulse_ns, at_ns));
            let others = (self.state.cells.len() - cols) as u64;
            add(&mut self.state.ledger.half_selected, times.saturating_mul(others));
        }
        add(&mut self.state.ledger.cell_reads, times.saturating_mul(cols as u64));
        add(&mut self.state.ledger.read_energy_aj, times.saturating_mul(energy));
        add(&mut self.state.row_reads[first / cols], times);
        self.state.ledger.check()
    }

    fn energy_of(&self, cells: std::ops::Range<usize>, volts: f64, ns: u64, at_ns: u64) -> u64 {
        cells.fold(0, |sum: u64, cell| sum.saturating_add(energy_aj(volts, self.seen(cell, at_ns, None), ns)))
    }

    /// Makes a fault begin at `since_ns`, by logical row; it stays for ever.
    ///
    /// # Errors
    /// [`DeviceError::OutOfArray`] for a place that does not exist, [`DeviceError::OutOfRange`] for a short that cannot be.
    pub fn inject(&mut self, site: Site, fault: Fault, since_ns: u64) -> Result<(), DeviceError> {
        let physical = |row: u32, col: u32| -> Result<u32, DeviceError> {
            Ok((self.index(row as usize, col as usize)? / self.state.cols as usize) as u32)
        };
        let site = match site {
            Site::Cell { row, col } => Site::Cell { row: physical(row, col)?, col },
            Site::WordLine { row, col } => Site::WordLine { row: physical(row, col)?, col },
            Site::BitLine { row, col } => Site::BitLine { row: physical(row, col)?, col },
        };
        self.state.faults.add(site, fault, since_ns)
    }

    /// Puts a logical row onto the next spare row; its cells must then be programmed.
    ///
    /// # Errors
    /// [`DeviceError::OutOfSpares`] when none is left.
    pub fn remap(&mut self, row: usize) -> Result<(), DeviceError> {
        self.index(row, 0)?;
        if self.state.spares_used == self.state.spares {
            return Err(DeviceError::OutOfSpares { row, spares: self.state.spares as usize });
        }
        self.state.row_map[row] = self.state.rows + self.state.spares_used;
        self.state.spares_used += 1;
        Ok(())
    }

    /// The physical number of a cell, by logical row.
    pub(crate) fn index(&self, row: usize, col: usize) -> Result<usize, DeviceError> {
        check_index("row", row, self.state.rows as usize)?;
        check_index("column", col, self.state.cols as usize)?;
        Ok(self.state.row_map[row] as usize * self.state.cols as usize + col)
    }

    /// For every cell its cycles, and the number after which it wears out, infinite if none is known; by physical number.
    pub fn wear(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.state.cells.iter().enumerate().map(|(number, cell)| (cell.cycles, self.endurance(number)))
    }

    /// Number of cycles after which a cell wears out.
    pub(crate) fn endurance(&self, cell: usize) -> f64 {
        match &self.profile.endurance {
            None => f64::INFINITY,
            Some(endurance) => {
                let [xi, _] = normals(self.state.place.failure(cell as u32, 0));
                endurance.cycles * (endurance.ln_spread * xi).exp()
            }
        }
    }

    /// The conductance of a cell that does not follow its programming at `at_ns`.
    pub(crate) fn held(&self, cell: usize, at_ns: u64) -> Option<f64> {
        let range = &self.profile.range;
        if !self.state.faults.is_empty() {
            let cols = self.state.cols as usize;
            let (row, col) = ((cell / cols) as u32, (cell % cols) as u32);
            match self.state.faults.at(row, col, at_ns) {
                Some(Fault::StuckLow) => return Some(range.g_min_us),
                Some(Fault::StuckHigh) => return Some(range.g_max_us),
                Some(Fault::Open) => return Some(0.0),
                Some(Fault::Short(g_us)) => return Some(g_us),
                None => {}
            }
        }
        let update = self.profile.update.as_ref().filter(|u| u.unprogrammable > 0.0)?;
        let stuck = update.device(self.state.place.response(cell as u32)).stuck?;
        let share = (stuck - update.w_min) / (update.w_max - update.w_min);
        Some(range.g_min_us + share * range.span())
    }

    /// What a reader sees; without noise for `None`.
    pub(crate) fn seen(&self, number: usize, at_ns: u64, noise: Option<f64>) -> f64 {
        if let Some(held) = self.held(number, at_ns) {
            return held;
        }
        let cell = &self.state.cells[number];
        let place = &self.state.place;
        let written = Written { target: cell.target_us, value: cell.value_us, spread: cell.spread_us };
        let fate = place.fate(number as u32, cell.writes);
        let energy = self.profile.activation_energy_ev();
        let age_s = self.state.clock.age_s(cell.written_ns, at_ns, energy);
        let model = &self.profile.cell;
        let range = &self.profile.range;
        let g = if cell.writes == 0 {
            cell.value_us
        } else {
            match noise {
                None => model.rested(range, &written, &fate, age_s),
                Some(noise) => model.read(range, &written, &fate, age_s, noise),
            }
        };
        let g = self.disturbed(number, g);
        g * self.telegraph(number as u32, at_ns)
    }

    /// What the reads since programming made of `g`.
    fn disturbed(&self, number: usize, g: f64) -> f64 {
        let Some(disturb) = &self.profile.disturb else {
            return g;
        };
        let total = self.state.row_reads[number / self.state.cols as usize];
        let reads = total.saturating_sub(self.state.cells[number].reads_before);
        let way = -(reads as f64 * (-disturb.share_per_read).ln_1p()).exp_m1();
        g + (self.profile.range.g_max_us - g).max(0.0) * way
    }

    /// The factor of the telegraph noise at `at_ns`.
    ///
    /// The state is redrawn at the points of a Poisson process of rate 1/high + 1/low, the upper level
    /// with probability high/(high + low): exactly a two-level Markov process. Points are functions of the
    /// slot they fall in, so the state at a time needs only the last few slots.
    fn telegraph(&self, cell: u32, at_ns: u64) -> f64 {
        let Some(noise) = &self.profile.telegraph else {
            return 1.0;
        };
        let words = self.state.place.failure(cell, 1);
        if draw_unit([words[0], words[1]]) >= noise.cells {
            return 1.0;
        }
        let slot_s = 1.0 / (1.0 / noise.high_s + 1.0 / noise.low_s);
        let at = at_ns as f64 * 1e-9 / slot_s;
        let mut slot = at as u64;
        let mut within = at - slot as f64;
        let upper = loop {
            match last_point(&self.state.place, cell, slot, within) {
                Some(mark) => break mark < noise.high_s / (noise.high_s + noise.low_s),
                None if slot == 0 => break false,
                None => {
                    slot -= 1;
                    within = 1.0;
                }
            }
        };
        if upper { 1.0 + noise.amplitude } else { 1.0 }
    }
}

/// The mark of the last Poisson point in `slot` at or before `within`, if there is one.
fn last_point(place: &Place, cell: u32, slot: u64, within: f64) -> Option<f64> {
    let words = place.telegraph(cell, slot << 4);
    let mut left = draw_unit([words[0], words[1]]);
    // Number of points: Poisson of mean 1, by inversion, at most 15.
    let (mut n, mut probability) = (0, (-1f64).exp());
    while left >= probability && n < 15 {
        left -= probability;
        n += 1;
        probability /= f64::from(n);
    }
    (1..=n)
        .map(|k| place.telegraph(cell, slot << 4 | u64::from(k as u32)))
        .map(|w| (draw_unit([w[0], w[1]]), draw_unit([w[2], w[3]])))
        .filter(|(position, _)| *position <= within)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, mark)| mark)
}

pub(crate) fn check_index(what: &'static str, index: usize, count: usize) -> Result<(), DeviceError> {
    if index < count { Ok(()) } else { Err(DeviceError::OutOfArray { what, index, count }) }
}
