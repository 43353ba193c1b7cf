//! The non-volatile memory of a simulated chip: programmed, read, aged, saved.

use pumice_chip::cells::{Acting, Cells};
use pumice_chip::{ChipImage, Source};
use pumice_device::nv::NvState;
use pumice_device::{Cause, Design, Ledger};
use pumice_engine::Image;
use pumice_meter::{Counts, Event};
use pumice_profile::Profile;
use pumice_report::{CellLearningReport, CellsReport, ProgrammingReport};

use crate::Error;

/// The cells of all cores of a chip that have some, with the network that they hold.
#[derive(Clone, Debug)]
pub struct Memory {
    cells: Cells,
    hardware: String,
    /// The cause of error that this chip does not have.
    without: Option<Cause>,
    /// What programming in this session cost, not billed.
    programming: Option<ProgrammingReport>,
}

impl Memory {
    /// Fresh cells for a network on a chip, not yet programmed.
    ///
    /// # Errors
    /// [`Error::NoCells`] if no synapses of the network lie in cells.
    pub fn fresh(image: &Image, profile: &Profile) -> Result<Memory, Error> {
        Memory::instance(image, profile, image.chip.seed, None)
    }

    /// Fresh cells of one of many chips of a kind, not yet programmed: `seed` is that of their lives, and of nothing else.
    ///
    /// Without a cause of error it is the same chip, with the same draws, that only that is taken from: what a study uses
    /// to see what the cause costs. No chip can do it.
    ///
    /// # Errors
    /// [`Error::NoCells`] if no synapses of the network lie in cells.
    pub fn instance(image: &Image, profile: &Profile, seed: u64, without: Option<Cause>) -> Result<Memory, Error> {
        let design = Memory::design(image, profile)?;
        let design = without.map_or_else(|| design.clone(), |cause| design.without(cause));
        let cells = Cells::new(&ChipImage { seed, ..image.chip.clone() }, &design)?;
        Ok(Memory { cells, hardware: profile.meta.name.clone(), without, programming: None })
    }

    /// How a chip would keep the synapses of a network in cells.
    ///
    /// # Errors
    /// [`Error::NoCells`] if no synapses of the network lie in cells.
    pub fn design(image: &Image, profile: &Profile) -> Result<Design, Error> {
        match &profile.cells {
            Some(cells) if !image.chip.cell_cores.is_empty() => Ok(cells.design()?),
            _ => Err(Error::NoCells { chip: profile.meta.name.clone() }),
        }
    }

    /// The cells of a network on a chip as they were saved.
    ///
    /// # Errors
    /// If they are of another chip or network, or no synapses of the network lie in cells.
    pub fn open(image: &Image, profile: &Profile, saved: &NvState) -> Result<Memory, Error> {
        let design = Memory::design(image, profile)?;
        if saved.hardware != profile.meta.name {
            let (have, need) = (saved.hardware.clone(), profile.meta.name.clone());
            return Err(Error::OtherChip { have, need });
        }
        let cells = Cells::open(&image.chip, &design, &saved.stores)?;
        Ok(Memory { cells, hardware: saved.hardware.clone(), without: None, programming: None })
    }

    /// What survives power-off.
    pub fn nv(&self) -> NvState {
        let fingerprint = self.cells.design().technology.fingerprint();
        NvState { hardware: self.hardware.clone(), fingerprint, stores: self.cells.saved() }
    }

    /// Programs all cells to the weights of the network, at the first time or again (a refresh). Time passes while it is
    /// done: arrays are programmed side by side, the cells of an array one after the other.
    ///
    /// # Errors
    /// For what programming needs and the technology lacks.
    pub fn program(&mut self) -> Result<ProgrammingReport, Error> {
        let spent = |cells: &Cells| cells.stores().map(|(_, s)| s.ledger().write_time_ns).collect::<Vec<_>>();
        let before = spent(&self.cells);
        let done = self.cells.program()?;
        if self.without == Some(Cause::Programming) {
            self.cells.stores_mut().filter_map(|s| s.as_cells_mut()).try_for_each(|cells| cells.perfect())?;
        }
        let time_ns = spent(&self.cells).iter().zip(&before).map(|(a, b)| a - b).max().unwrap_or(0);
        self.cells.advance(time_ns)?;
        let report = ProgrammingReport {
            cells: done.cells,
            refused: done.failed.len() as u64,
            set_pulses: done.total.set_pulses,
            reset_pulses: done.total.reset_pulses,
            verify_reads: done.total.verifies,
            energy_j: done.total.energy_aj as f64 * 1e-18,
            billed_j: None,
            time_s: time_ns as f64 * 1e-9,
        };
        self.programming = Some(report.clone());
        Ok(report)
    }

    /// Lets time pass at a temperature, without power `[ns]`, `[mK]`.
    ///
    /// # Errors
    /// If that is not 25 °C and the technology assumes no activation energy.
    pub fn age(&mut self, duration_ns: u64, temperature_mk: u32) -> Result<(), Error> {
        Ok(self.cells.age(duration_ns, temperature_mk)?)
    }

    /// Makes a share of the cells stick from now on, and gives their number; see [`pumice_device::CellArray::stick`].
    ///
    /// # Errors
    /// For a share outside 0 to 1.
    pub fn stick(&mut self, share: f64) -> Result<u64, Error> {
        let mut stuck = 0;
        for cells in self.cells.stores_mut().filter_map(|store| store.as_cells_mut()) {
            let now = cells.array().now_ns();
            stuck += cells.array_mut().stick(share, now)?;
        }
        Ok(stuck)
    }

    /// The cells.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    pub(crate) fn acting(&self, image: &ChipImage) -> Result<Acting, Error> {
        // Before its last write a cell shows what that left.
        let at_ns = if self.without == Some(Cause::Ageing) { 0 } else { self.cells.now_ns() };
        Ok(self.cells.acting(image, self.cells.design(), at_ns)?)
    }

    /// From where noisy reads count `[ns]`: the time since the cells were made, that of programming left out, so that chips
    /// which only took longer to program draw the same noise.
    pub(crate) fn noise_origin(&self) -> u64 {
        let spent = self.cells.stores().map(|(_, store)| store.ledger().write_time_ns).max().unwrap_or(0);
        self.cells.now_ns().saturating_sub(spent)
    }

    /// Passes the time of a run and counts the rows that its spikes drove.
    pub(crate) fn pass(&mut self, image: &ChipImage, spikes: &[(Source, Vec<u64>)], time_ps: u64) -> Result<(), Error> {
        self.cells.count_reads(image, spikes)?;
        Ok(self.cells.advance(time_ps / 1000)?)
    }

    /// Events of programming in this session.
    pub fn programming_counts(&self) -> Counts {
        let mut counts = Counts::default();
        if let Some(done) = &self.programming {
            counts.add(Event::CellPulse, done.set_pulses + done.reset_pulses);
            counts.add(Event::CellVerifyRead, done.verify_reads);
        }
        counts
    }

    /// What programming in this session cost, not billed.
    pub(crate) fn programming(&self) -> Option<&ProgrammingReport> {
        self.programming.as_ref()
    }

    /// The same memory with the cells of a snapshot.
    pub(crate) fn with_cells(
        &self,
        chip: &ChipImage,
        saved: &NvState,
        programming: Option<ProgrammingReport>,
    ) -> Result<Memory, Error> {
        let cells = Cells::open(chip, self.cells.design(), &saved.stores)?;
        Ok(Memory { cells, programming, ..self.clone() })
    }

    /// What learning has done to the cells in so many steps, and seconds of emulated time, since they were as `first`.
    fn learning_report(&self, first: &Cells, (steps, seconds): (u64, f64)) -> CellLearningReport {
        let (ledger, before) = (self.cells.ledger(), first.ledger());
        let used = || wear(&self.cells).zip(wear(first)).map(|((cycles, life), (old, _))| (cycles, cycles - old, life));
        // How often what was done until now can be done again until a cell is at its end.
        let again = used()
            .filter(|(_, new, _)| *new > 0)
            .map(|(cycles, new, life)| (life - cycles as f64).max(0.0) / new as f64);
        let again = again.reduce(f64::min).filter(|times| times.is_finite());
        let energy_aj = |l: &Ledger| l.pulse_energy_aj + l.verify_energy_aj;
        CellLearningReport {
            cells_written: ledger.writes - before.writes,
            set_pulses: ledger.set_pulses - before.set_pulses,
            reset_pulses: ledger.reset_pulses - before.reset_pulses,
            verify_reads: ledger.verify_reads - before.verify_reads,
            refused: ledger.failures - before.failures,
            energy_j: (energy_aj(&ledger) - energy_aj(&before)) as f64 * 1e-18,
            cycles: used().map(|(_, new, _)| new).sum(),
            most_cycles: used().map(|(cycles, ..)| cycles).max().unwrap_or(0),
            wears_out_in_steps: again.map(|times| times * steps as f64),
            wears_out_in_s: again.map(|times| times * seconds).filter(|_| seconds > 0.0),
        }
    }

    /// The same memory with its cells as they are later.
    pub(crate) fn set_cells(&mut self, cells: Cells) {
        self.cells = cells;
    }

    /// What happened to the cells since they were as `first`; programming at `billed_j`, learning for so many steps and
    /// seconds.
    pub(crate) fn report(&self, first: &Cells, billed_j: Option<f64>, learned: Option<(u64, f64)>) -> CellsReport {
        let (ledger, before) = (self.cells.ledger(), first.ledger());
        let arrays = self.cells.stores().filter_map(|(_, store)| store.as_cells());
        CellsReport {
            technology: self.cells.design().technology.name.clone(),
            arrays: self.cells.stores().count() as u64,
            weights: self.cells.weights() as u64,
            cells: arrays.map(|cells| cells.array().state().cells.len() as u64).sum(),
            worn: ledger.worn,
            age_s: self.cells.now_ns() as f64 * 1e-9,
            learning: learned.map(|during| self.learning_report(first, during)),
            programming: self.programming.clone().map(|done| ProgrammingReport { billed_j, ..done }),
            cell_reads: ledger.cell_reads - before.cell_reads,
            read_energy_j: (ledger.read_energy_aj - before.read_energy_aj) as f64 * 1e-18,
        }
    }
}

/// Cycles and endurance of all cells, by array, then by cell.
fn wear(cells: &Cells) -> impl Iterator<Item = (u64, f64)> + '_ {
    cells.stores().filter_map(|(_, store)| store.as_cells()).flat_map(|cells| cells.array().wear())
}
