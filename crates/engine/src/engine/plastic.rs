//! Learning connections on the chip: their learn phase, their variables, their state.

use std::sync::Arc;

use pumice_chip::cells::{Acting, CellLearning, LearnedCells, Numbered};
use pumice_chip::{Batch, LearnBatch, Learned, Source, fired};
use pumice_meter::Counts;
use pumice_models::{Behaviour, Values, length};

use super::{Engine, no_such, overflow_error};
use crate::error::EngineError;
use crate::pool::Pool;
use crate::unit::integers;

/// The variable of a learning connection that holds its weights.
const WEIGHTS: usize = 0;

/// Why weights cannot be written from outside while they are on the chip.
pub(super) const IN_CELLS: &str = "keeps its weights in non-volatile cells, which are programmed when the chip is loaded and by learning; ask for `digital` cores to write them";

impl Engine {
    /// The learn phase of the synapses on the chip, with the spikes of the step, `now_ps` after the last reset.
    pub(super) fn learn_chip(
        &mut self,
        pool: &mut Pool<'_>,
        (batches, now_ps): (&[Arc<Batch>], u64),
        loads: bool,
    ) -> Result<Vec<Learned>, EngineError> {
        let image = self.image.clone();
        if image.chip.plastic.is_empty() {
            return Ok(Vec::new());
        }
        let mut learned = pool.learn(LearnBatch { step: self.step, inputs: self.inputs.clone(), loads })?;
        for (connection, overflow) in learned.iter().flat_map(|own| &own.overflow) {
            self.overflow[image.chip.plastic[*connection].process as usize].merge(overflow, 0);
        }
        for own in &image.chip.plastic {
            if let Some(record) = self.overflow[own.process as usize].error() {
                return Err(overflow_error(&image, own.process, Some(own.target), record));
            }
        }
        if let Some(learning) = &mut self.learning {
            learning.count_spikes(|source| match source {
                Source::Train(train) => fired(batches, train),
                Source::Input(input) => self.inputs.get(input).cloned().unwrap_or_default(),
            });
        }
        let changes: Vec<(usize, Numbered)> = learned.iter().flat_map(|own| own.changed.iter().cloned()).collect();
        learned.extend(self.write_cells(pool, &changes, now_ps)?);
        Ok(learned)
    }

    /// Programs what learning changed into cells, and gives the events by core.
    fn write_cells(
        &mut self,
        pool: &mut Pool<'_>,
        changes: &[(usize, Numbered)],
        now_ps: u64,
    ) -> Result<Option<Learned>, EngineError> {
        let Some(learning) = self.learning.as_mut().filter(|_| !changes.is_empty()) else { return Ok(None) };
        let written = learning.write(self.past_ps + now_ps, changes, self.noise.as_mut());
        let written = written.map_err(|fault| EngineError::Cells { fault: fault.to_string() })?;
        for (connection, weights) in written.acting {
            pool.act(connection, weights)?;
        }
        let mut loads = vec![Counts::default(); self.base_loads.len()];
        for (core, counts) in &written.counts {
            loads[core.0 as usize] += counts;
            self.base_loads[core.0 as usize] += counts;
        }
        Ok(Some(Learned { loads, ..Learned::default() }))
    }

    /// Takes cells that have just got power.
    pub(super) fn take_cells(&mut self, acting: Acting) -> Result<(), EngineError> {
        (self.noise, self.learning) = (acting.noise, acting.learning);
        self.past_ps = 0;
        self.power_on()
    }

    /// Sets the registers of learning connections to what their cells were last programmed to. What had not reached the cells
    /// is lost.
    pub(super) fn power_on(&mut self) -> Result<(), EngineError> {
        let Some(learning) = &mut self.learning else { return Ok(()) };
        learning.forget();
        for connection in learning.connections() {
            let (registers, acting) = (learning.wanted(connection), learning.acting(connection));
            let path = &self.image.chip.plastic[connection].path;
            for worker in &mut self.workers {
                let written = worker.set_plastic(connection, WEIGHTS, &registers);
                written.map_err(|fault| EngineError::Model { path: path.clone(), fault: Box::new(fault) })?;
                worker.act(connection, &acting);
            }
        }
        Ok(())
    }

    /// The cells that learning writes, if there are some.
    pub fn learning(&self) -> Option<&CellLearning> {
        self.learning.as_ref()
    }

    /// Counts the time of cells on from what had passed since their power-on at the last reset `[ps]`.
    pub fn set_past(&mut self, past_ps: u64) {
        self.past_ps = past_ps;
    }

    /// Takes back cells that learning had written, and the spikes of all sources since their power-on. The state between two
    /// steps must be loaded before.
    ///
    /// # Errors
    /// If they are of another network.
    pub fn load_learned(&mut self, kept: &LearnedCells, spikes: &[(Source, Vec<u64>)]) -> Result<(), EngineError> {
        let Some(learning) = &mut self.learning else { return Ok(()) };
        let loaded = learning.load(&self.image.chip, kept, spikes, self.noise.as_mut());
        loaded.map_err(|fault| EngineError::Snapshot { fault: fault.to_string() })?;
        for connection in learning.connections() {
            let acting = learning.acting(connection);
            self.workers.iter_mut().for_each(|worker| worker.act(connection, &acting));
        }
        Ok(())
    }

    /// The number of a learning connection on the chip.
    pub(super) fn plastic(&self, process: u32) -> Option<usize> {
        self.image.chip.plastic.iter().position(|p| p.process == process)
    }

    /// A whole variable of a learning connection.
    pub(super) fn get_plastic(&self, connection: usize, var: usize) -> Vec<i32> {
        let mut whole = Vec::new();
        self.workers.iter().for_each(|w| w.get_plastic(connection, var).put(&mut whole));
        whole
    }

    /// Writes a whole variable of a learning connection; `pool` has the workers while a run goes on.
    pub(super) fn set_plastic(
        &mut self,
        (process, connection): (u32, usize),
        var: usize,
        values: &Values,
        pool: Option<&mut Pool<'_>>,
    ) -> Result<(), EngineError> {
        if var == WEIGHTS && self.image.chip.bank_in_cells(self.image.chip.plastic[connection].target) {
            return Err(no_such(&self.image, process, IN_CELLS));
        }
        let path = self.image.paths[process as usize].clone();
        let refuse = |fault| EngineError::Model { path, fault: Box::new(fault) };
        let vars = self.image.chip.plastic[connection].model.vars();
        let (name, n) = vars.get(var).map_or(("", 0), |spec| (spec.name, length(&spec.shape)));
        let all = match integers(name, n, values) {
            Ok(all) => all,
            Err(fault) => return Err(refuse(fault)),
        };
        match pool {
            Some(pool) => pool.set_plastic(connection, var, all)?.map_err(refuse),
            None => self.workers.iter_mut().try_for_each(|w| w.set_plastic(connection, var, &all)).map_err(refuse),
        }
    }

    /// The running state of a learning connection as whole arrays.
    pub(super) fn save_plastic(&self, connection: usize) -> Vec<Vec<i32>> {
        let mut whole: Vec<Vec<i32>> = Vec::new();
        for worker in &self.workers {
            let portions = worker.save_plastic(connection);
            whole.resize(portions.len(), Vec::new());
            portions.iter().zip(&mut whole).for_each(|(portion, array)| portion.put(array));
        }
        whole
    }
}
