//! Programming: write and verify, open loop, single pulses; wear and repair.
//!
//! Write and verify after the NeuRRAM chip software (Wan et al., Nature 608, 2022):
//!
//! ```text
//! read the cell, then in turn
//!     above target + window → a ladder of RESET pulses, below target − window → a ladder of SET pulses:
//!         pulse, verify read; one step more voltage each time; at most so many pulses at the top
//!         the ladder ends when the cell is no longer on that side of the window
//!     inside → read again; inside both times → accepted
//! a ladder that ends at its top, or so many turns, and the cell is given up: a failure
//! ```
//!
//! That chip takes the mean of five reads to verify, and may program an array several times; here a verify is one read.
//!
//! Each pulse costs V²·G·t with the mean of the conductances before and after it, and each verify read
//! V_read²·G·t. Every ladder counts one cycle of the endurance. A cell at its endurance keeps its value.

use crate::array::CellArray;
use crate::error::{DeviceError, check_length};
use crate::ledger::{add, energy_aj};
use crate::plausible;
use crate::profile::{Access, Ladder, Read, Write};
use crate::update::{PulsedDevice, Update};

/// What one programming did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The cell was accepted.
    pub accepted: bool,
    /// SET pulses.
    pub set_pulses: u64,
    /// RESET pulses.
    pub reset_pulses: u64,
    /// Verify reads.
    pub verifies: u64,
    /// Energy of pulses and verify reads `[aJ]`.
    pub energy_aj: u64,
}

/// What the programming of an array did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programming {
    /// Cells that were written.
    pub cells: u64,
    /// Row and column of cells that were not accepted.
    pub failed: Vec<(usize, usize)>,
    /// Sums over all cells.
    pub total: Outcome,
}

impl Outcome {
    fn add(&mut self, other: &Outcome) {
        add(&mut self.set_pulses, other.set_pulses);
        add(&mut self.reset_pulses, other.reset_pulses);
        add(&mut self.verifies, other.verifies);
        add(&mut self.energy_aj, other.energy_aj);
    }
}

impl Programming {
    /// Adds the programming of another array; rows and columns of refused cells are those of their own array.
    pub fn add(&mut self, other: &Programming) {
        self.cells += other.cells;
        self.failed.extend(&other.failed);
        self.total.add(&other.total);
        self.total.accepted = self.failed.is_empty();
    }
}

/// A cell while it is being pulsed.
struct Pulsing<'a> {
    update: &'a Update,
    device: PulsedDevice,
    held: Option<f64>,
    weight: f64,
    /// Visible minus hidden weight: write noise, new after each pulse.
    offset: f64,
}

/// On which side of its window a cell is, and the end of the window there `[µS]`.
#[derive(Clone, Copy)]
enum Side {
    Above(f64),
    Below(f64),
}

impl Side {
    fn holds(self, seen_us: f64) -> bool {
        match self {
            Side::Above(end) => seen_us > end,
            Side::Below(end) => seen_us < end,
        }
    }
}

impl Pulsing<'_> {
    fn conductance(&self, array: &CellArray) -> f64 {
        let range = &array.profile.range;
        let visible = self.weight + self.offset;
        let share = (visible - self.update.w_min) / (self.update.w_max - self.update.w_min);
        self.held.unwrap_or(range.g_min_us + share * range.span())
    }
}

impl CellArray {
    /// Programs one cell to `target_us` by write and verify, at the present time.
    ///
    /// # Errors
    /// Fails without `[write]`, `[update]` and `[read]` sections, for a cell that does not exist, and for a
    /// target outside the range.
    pub fn program(&mut self, row: usize, col: usize, target_us: f64) -> Result<Outcome, DeviceError> {
        let number = self.index(row, col)?;
        self.check_target(target_us)?;
        let profile = self.profile.clone();
        let write = profile.need(&profile.write, "write", "write and verify")?;
        let read = profile.need(&profile.read, "read", "write and verify")?;
        let update = profile.need(&profile.update, "update", "write and verify")?;
        self.write_and_verify(number, target_us, (write, read, update))
    }

    fn write_and_verify(
        &mut self,
        number: usize,
        target_us: f64,
        (write, read, update): (&Write, &Read, &Update),
    ) -> Result<Outcome, DeviceError> {
        let mut cell = self.pulsing(number, update);
        let mut outcome = Outcome::default();
        let (low, high) = (target_us - write.window_us, target_us + write.window_us);
        let mut seen = self.verify(number, &cell, read, &mut outcome);
        for _ in 0..write.alternations {
            let mut given_up = false;
            for side in [Side::Above(high), Side::Below(low)] {
                if side.holds(seen) {
                    (seen, given_up) = self.ladder(number, &mut cell, side, (write, read), &mut outcome);
                }
            }
            if (low..=high).contains(&seen) {
                seen = self.verify(number, &cell, read, &mut outcome);
                outcome.accepted = (low..=high).contains(&seen);
            }
            if outcome.accepted || given_up {
                break;
            }
        }
        let value = cell.conductance(self);
        let spread = write.window_us / 3f64.sqrt();
        self.settle(number, (target_us, value, spread), &outcome)?;
        Ok(outcome)
    }

    /// One ladder of pulses of one polarity, at least one pulse; gives what the last verify saw `[µS]`, and whether the
    /// cell is still on the same side at the end of the ladder.
    fn ladder(
        &mut self,
        number: usize,
        cell: &mut Pulsing,
        side: Side,
        (write, read): (&Write, &Read),
        outcome: &mut Outcome,
    ) -> (f64, bool) {
        let up = matches!(side, Side::Below(_));
        let Ladder { start_v, step_v, top_v } = if up { &write.set } else { &write.reset };
        let mut at_top = 0;
        let mut rung = 0;
        self.count_cycle(number, cell);
        loop {
            let volts = (start_v + f64::from(rung) * step_v).min(*top_v);
            self.pulse_cell(number, cell, (up, volts), write.pulse_ns, outcome);
            let seen = self.verify(number, cell, read, outcome);
            if volts < *top_v {
                rung += 1;
            } else {
                at_top += 1;
            }
            let still = side.holds(seen);
            if !still || at_top >= write.pulses_at_top.max(1) {
                return (seen, still);
            }
        }
    }

    /// One pulse: moves the cell, counts it and its energy, half-selected cells of a passive array included.
    fn pulse_cell(
        &mut self,
        number: usize,
        cell: &mut Pulsing,
        (up, volts): (bool, f64),
        pulse_ns: u64,
        outcome: &mut Outcome,
    ) {
        let before = cell.conductance(self);
        let n = self.state.cells[number].pulses;
        if cell.held.is_none() {
            let [noise, write_noise] = self.state.place.pulse_noise(number as u32, n);
            cell.weight = cell.update.step(&cell.device, cell.weight, up, volts, noise);
            cell.offset = cell.update.visible(0.0, write_noise);
        }
        let mean = (before + cell.conductance(self)) / 2.0;
        let energy = energy_aj(volts, mean, pulse_ns).saturating_add(self.half_selected(number, volts, pulse_ns));
        self.state.cells[number].pulses = n + 1;
        let ledger = &mut self.state.ledger;
        if up {
            ledger.set_pulses += 1;
            outcome.set_pulses += 1;
        } else {
            ledger.reset_pulses += 1;
            outcome.reset_pulses += 1;
        }
        add(&mut ledger.pulse_energy_aj, energy);
        add(&mut ledger.write_time_ns, pulse_ns);
        add(&mut outcome.energy_aj, energy);
    }

    /// Energy of the cells that share a line with a pulsed cell of a passive array `[aJ]`.
    fn half_selected(&mut self, number: usize, volts: f64, pulse_ns: u64) -> u64 {
        match &self.profile.read {
            Some(read) if read.access == Access::Passive => {}
            _ => return 0,
        }
        let cols = self.state.cols as usize;
        let (row, col) = (number / cols, number % cols);
        let now = self.now_ns();
        let in_row = (row * cols..(row + 1) * cols).filter(|c| *c != number);
        let in_col = (0..self.state.row_reads.len()).map(|r| r * cols + col).filter(|c| *c != number);
        let cells: Vec<usize> = in_row.chain(in_col).collect();
        add(&mut self.state.ledger.half_selected, cells.len() as u64);
        let energy = |cell: &usize| energy_aj(volts / 2.0, self.seen(*cell, now, None), pulse_ns);
        cells.iter().map(energy).fold(0, u64::saturating_add)
    }

    fn verify(&mut self, number: usize, cell: &Pulsing, read: &Read, outcome: &mut Outcome) -> f64 {
        let g = cell.conductance(self);
        let n = self.state.cells[number].verifies;
        self.state.cells[number].verifies = n + 1;
        let seen = if cell.held.is_some() {
            g
        } else {
            g + self.verify_sigma(g) * self.state.place.verify_noise(number as u32, n)
        };
        let energy = energy_aj(read.voltage_v, g, read.pulse_ns);
        let ledger = &mut self.state.ledger;
        ledger.verify_reads += 1;
        add(&mut ledger.verify_energy_aj, energy);
        add(&mut ledger.write_time_ns, read.pulse_ns);
        outcome.verifies += 1;
        add(&mut outcome.energy_aj, energy);
        seen
    }

    /// Read noise right after a pulse `[µS]`.
    fn verify_sigma(&self, g: f64) -> f64 {
        let written = crate::cell::Written { target: g, value: g, spread: 0.0 };
        self.profile.cell.physics().read_sigma(&self.profile.range, &written, g, 1e-6)
    }

    fn pulsing<'a>(&self, number: usize, update: &'a Update) -> Pulsing<'a> {
        let now = self.now_ns();
        let range = &self.profile.range;
        let device = update.device(self.state.place.response(number as u32));
        let g = self.seen(number, now, None);
        let share = (g - range.g_min_us) / range.span();
        let weight = update.w_min + share * (update.w_max - update.w_min);
        let worn = self.state.cells[number].worn.then_some(g);
        Pulsing {
            update,
            // Where relaxation left it, beyond the bounds of the device too: only a pulse brings it back.
            weight,
            device,
            offset: 0.0,
            held: self.held(number, now).or(worn),
        }
    }

    /// Counts a cycle; a cell that reaches its endurance is held from now on.
    fn count_cycle(&mut self, number: usize, cell: &mut Pulsing) {
        let cycles = self.state.cells[number].cycles + 1;
        self.state.cells[number].cycles = cycles;
        if cycles as f64 > self.endurance(number) && !self.state.cells[number].worn {
            cell.held = Some(cell.conductance(self));
            self.state.cells[number].worn = true;
            self.state.ledger.worn += 1;
        }
    }

    /// Writes the result of a programming into the life of the cell.
    ///
    /// # Errors
    /// When the ledger is full, and for a cell that cannot be: a model whose parameters let it run off.
    fn settle(
        &mut self,
        number: usize,
        (target_us, value_us, spread_us): (f64, f64, f64),
        outcome: &Outcome,
    ) -> Result<(), DeviceError> {
        let written_ns = self.now_ns();
        let reads_before = self.state.row_reads[number / self.state.cols as usize];
        let pulsed = outcome.set_pulses + outcome.reset_pulses > 0;
        let cell = &mut self.state.cells[number];
        self.state.ledger.writes += 1;
        self.state.ledger.failures += u64::from(!outcome.accepted);
        if !pulsed && cell.writes > 0 {
            // No pulse: the cell was there already, and goes on relaxing from its last pulse.
            return self.state.ledger.check();
        }
        cell.target_us = target_us;
        cell.value_us = value_us;
        cell.spread_us = spread_us;
        cell.written_ns = written_ns;
        cell.reads_before = reads_before;
        cell.writes += 1;
        plausible::one(cell, written_ns)?;
        self.state.ledger.check()
    }

    /// Programs all cells by write and verify; `targets_us` row by row `[µS]`.
    ///
    /// # Errors
    /// As [`CellArray::program`], and for a wrong length.
    pub fn program_all(&mut self, targets_us: &[f64]) -> Result<Programming, DeviceError> {
        self.for_all(targets_us, CellArray::program)
    }

    /// Writes one cell without verifying: the published statistics of its model decide what it becomes.
    ///
    /// Costs one cycle. Energy is not known and not counted.
    ///
    /// # Errors
    /// Fails for a cell that does not exist and for a target outside the range.
    pub fn write_open_loop(&mut self, row: usize, col: usize, target_us: f64) -> Result<Outcome, DeviceError> {
        let number = self.index(row, col)?;
        self.check_target(target_us)?;
        let cell = &mut self.state.cells[number];
        cell.cycles += 1;
        let (cycles, worn, writes) = (cell.cycles, cell.worn, cell.writes + 1);
        if worn || cycles as f64 > self.endurance(number) {
            let now = self.now_ns();
            let value = self.seen(number, now, None);
            self.state.ledger.worn += u64::from(!worn);
            self.state.ledger.writes += 1;
            self.state.ledger.failures += 1;
            self.state.cells[number].worn = true;
            if !worn {
                self.state.cells[number].value_us = value;
            }
            return Ok(Outcome::default());
        }
        let (range, place) = (&self.profile.range, self.state.place);
        let model = &self.profile.cell;
        let written = model.write_open_loop(range, target_us, place, number as u32, writes);
        let outcome =
            Outcome { accepted: self.held(number, self.now_ns()).is_none(), set_pulses: 1, ..Outcome::default() };
        self.state.cells[number].pulses += 1;
        self.state.ledger.set_pulses += 1;
        self.settle(number, (target_us, written.value, written.spread), &outcome)?;
        Ok(outcome)
    }

    /// Writes all cells without verifying; `targets_us` row by row `[µS]`.
    ///
    /// # Errors
    /// As [`CellArray::write_open_loop`], and for a wrong length.
    pub fn write_all_open_loop(&mut self, targets_us: &[f64]) -> Result<Programming, DeviceError> {
        self.for_all(targets_us, CellArray::write_open_loop)
    }

    fn for_all(
        &mut self,
        targets_us: &[f64],
        mut write: impl FnMut(&mut CellArray, usize, usize, f64) -> Result<Outcome, DeviceError>,
    ) -> Result<Programming, DeviceError> {
        let (rows, cols) = self.shape();
        check_length("targets", targets_us, rows * cols)?;
        let mut programming = Programming::default();
        for (k, &target) in targets_us.iter().enumerate() {
            let (row, col) = (k / cols, k % cols);
            let outcome = write(self, row, col, target)?;
            programming.cells += 1;
            programming.total.add(&outcome);
            if !outcome.accepted {
                programming.failed.push((row, col));
            }
        }
        programming.total.accepted = programming.failed.is_empty();
        Ok(programming)
    }

    /// Gives `pulses` pulses of one polarity without verifying, each in the middle of the ladder (or
    /// without a voltage for laws that need none): what an incremental learning rule does. Costs one cycle.
    ///
    /// # Errors
    /// Fails without an `[update]` section and for a cell that does not exist.
    pub fn pulse(&mut self, row: usize, col: usize, up: bool, pulses: u32) -> Result<Outcome, DeviceError> {
        let number = self.index(row, col)?;
        let profile = self.profile.clone();
        let update = profile.need(&profile.update, "update", "pulses")?;
        let (volts, pulse_ns) = profile.write.as_ref().map_or((0.0, 0), |write| {
            let ladder = if up { &write.set } else { &write.reset };
            ((ladder.start_v + ladder.top_v) / 2.0, write.pulse_ns)
        });
        let mut cell = self.pulsing(number, update);
        let mut outcome = Outcome { accepted: cell.held.is_none(), ..Outcome::default() };
        self.count_cycle(number, &mut cell);
        for _ in 0..pulses {
            self.pulse_cell(number, &mut cell, (up, volts), pulse_ns, &mut outcome);
        }
        let value = cell.conductance(self);
        self.settle(number, (value, value, 0.0), &outcome)?;
        Ok(outcome)
    }

    /// Moves rows with more than `limit` refused cells onto spare rows, those with the most first, and programs them there;
    /// gives the rows that were moved. `programming` is what found the refused cells: it gets the cost, and those that
    /// remain.
    ///
    /// # Errors
    /// As [`CellArray::program`]; stops without error when the spares are used up.
    pub fn repair(
        &mut self,
        targets_us: &[f64],
        programming: &mut Programming,
        limit: usize,
    ) -> Result<Vec<usize>, DeviceError> {
        let (rows, cols) = self.shape();
        check_length("targets", targets_us, rows * cols)?;
        let mut bad = vec![0; rows];
        programming.failed.iter().for_each(|(row, _)| bad[*row] += 1);
        let mut moved: Vec<usize> = (0..rows).filter(|row| bad[*row] > limit).collect();
        moved.sort_by_key(|row| std::cmp::Reverse(bad[*row]));
        moved.truncate((self.state.spares - self.state.spares_used) as usize);
        programming.failed.retain(|(row, _)| !moved.contains(row));
        for &row in &moved {
            self.remap(row)?;
            for col in 0..cols {
                let outcome = self.program(row, col, targets_us[row * cols + col])?;
                programming.cells += 1;
                programming.total.add(&outcome);
                if !outcome.accepted {
                    programming.failed.push((row, col));
                }
            }
        }
        programming.total.accepted = programming.failed.is_empty();
        Ok(moved)
    }

    fn check_target(&self, target_us: f64) -> Result<(), DeviceError> {
        let range = &self.profile.range;
        let inside = (range.g_min_us..=range.g_max_us).contains(&target_us);
        DeviceError::check(inside, "target conductance in µS", target_us, "inside the range of the profile")
    }
}
