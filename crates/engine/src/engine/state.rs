//! State of an engine between steps: variables, snapshots, reset, counters.

use std::sync::atomic::Ordering;

use pumice_chip::Worker;
use pumice_meter::Counts;
use pumice_models::message::ToHost;
use pumice_models::{Behaviour, Model, Overflow, OverflowRecord, Values};

use super::{Engine, host_events, no_such, place, probe};
use crate::error::EngineError;
use crate::image::{UnitBody, Where};
use crate::pool::Pool;
use crate::snapshot::Snapshot;
use crate::unit::{Line, Unit, integers};

/// The name of a variable.
fn variable(model: &Model, var: usize) -> &'static str {
    model.vars().get(var).map_or("", |spec| spec.name)
}

impl Engine {
    /// Reads a variable of a process, the whole array at once; the host reads what is on the chip, and that is counted.
    ///
    /// # Errors
    /// If there is no such process, or it is a process of the user.
    pub fn get(&self, process: u32, var: usize) -> Result<Values, EngineError> {
        let values = self.peek(process, var)?;
        self.count_read(place(&self.image, process)?, &values);
        Ok(values)
    }

    /// Counts values of a variable as read by the host, unless they are its own.
    fn count_read(&self, at: Where, values: &Values) {
        if !matches!(at, Where::Unit(_)) {
            self.host_reads.fetch_add(values.len() as u64, Ordering::Relaxed);
        }
    }

    /// As [`Engine::get`], as an emulator looks into its chip: nothing is counted.
    ///
    /// # Errors
    /// As [`Engine::get`].
    pub fn peek(&self, process: u32, var: usize) -> Result<Values, EngineError> {
        match place(&self.image, process)? {
            Where::Unit(u) => self.units[u].get(var).ok_or_else(|| no_such(&self.image, process, "has no variables")),
            Where::Bank(bank) => Ok(Values::Int(self.workers.iter().flat_map(|w| w.get(bank, var)).collect())),
            Where::Synapses => match self.plastic(process) {
                Some(connection) => Ok(Values::Int(self.get_plastic(connection, var))),
                None => self.weights(process),
            },
        }
    }

    /// Writes a variable of a process, the whole array at once.
    ///
    /// # Errors
    /// If there is no such process, the length differs, or a value does not fit its register.
    pub fn set(&mut self, process: u32, var: usize, values: &Values) -> Result<(), EngineError> {
        match place(&self.image, process)? {
            Where::Unit(u) => self.set_unit(u, var, values),
            Where::Bank(bank) => {
                let all = self.whole((bank, var), values)?;
                self.workers.iter_mut().try_for_each(|w| w.set(bank, var, &all)).map_err(EngineError::from)
            }
            Where::Synapses => match self.plastic(process) {
                Some(connection) => self.set_plastic((process, connection), var, values, None),
                None => self.set_weights(process, values, None),
            },
        }
    }

    pub(super) fn get_in(&mut self, pool: &mut Pool<'_>, process: u32, var: usize) -> Result<Values, EngineError> {
        let at = place(&self.image, process)?;
        let values = match at {
            Where::Unit(u) => {
                self.units[u].get(var).ok_or_else(|| no_such(&self.image, process, "has no variables"))?
            }
            Where::Bank(bank) => Values::Int(pool.get(bank, var)?),
            Where::Synapses => match self.plastic(process) {
                Some(connection) => Values::Int(pool.get_plastic(connection, var)?),
                None => self.weights(process)?,
            },
        };
        self.count_read(at, &values);
        Ok(values)
    }

    pub(super) fn set_in(
        &mut self,
        pool: &mut Pool<'_>,
        process: u32,
        var: usize,
        values: &Values,
    ) -> Result<(), EngineError> {
        match place(&self.image, process)? {
            Where::Unit(u) => self.set_unit(u, var, values),
            Where::Bank(bank) => {
                let all = self.whole((bank, var), values)?;
                self.touched.push(bank);
                pool.set(bank, var, all)
            }
            Where::Synapses => match self.plastic(process) {
                Some(connection) => self.set_plastic((process, connection), var, values, Some(pool)),
                None => self.set_weights(process, values, Some(pool)),
            },
        }
    }

    fn set_unit(&mut self, u: usize, var: usize, values: &Values) -> Result<(), EngineError> {
        let image = &self.image.units[u];
        let name = match &image.body {
            UnitBody::Fixed(model) | UnitBody::Float(model) => variable(model, var),
            UnitBody::Host => "",
        };
        let refuse = |fault| EngineError::Model { path: image.path.clone(), fault: Box::new(fault) };
        self.units[u].set((var, name), values).map_err(refuse)
    }

    fn whole(&self, (bank, var): (usize, usize), values: &Values) -> Result<Vec<i32>, EngineError> {
        let own = &self.image.chip.banks[bank];
        let refuse = |fault| EngineError::Model { path: own.path.clone(), fault: Box::new(fault) };
        integers(variable(&own.model, var), own.n, values).map_err(refuse)
    }

    /// Back to the state before the first step: as a fresh engine of the same image.
    ///
    /// # Errors
    /// None in practice; a process could refuse the state that it saved itself.
    pub fn reset(&mut self) -> Result<(), EngineError> {
        for unit in &self.units {
            if let Unit::Host { line: Some(Line { to, .. }), .. } = unit {
                let _gone_threads_are_reported_by_the_next_run = to.send(ToHost::Reset);
            }
        }
        if let Some(initial) = self.initial.take() {
            let loaded = self.load(&initial);
            self.initial = Some(initial);
            loaded?;
        }
        self.power_on()?;
        self.recordings = probe::empty(&self.image);
        Ok(())
    }

    /// The whole running state, in a form that does not depend on the number of workers.
    pub fn save(&self) -> Snapshot {
        let banks = self.image.chip.banks.len();
        Snapshot {
            step: self.step,
            units: self.units.iter().map(Unit::save).collect(),
            banks: (0..banks).map(|b| join(self.workers.iter().map(|w| w.save(b).1))).collect(),
            plastic: (0..self.image.chip.plastic.len()).map(|k| self.save_plastic(k)).collect(),
            past: self.workers.first().map(Worker::past).unwrap_or_default(),
            inputs: self.inputs.clone(),
            spikes: self.all_spikes(),
            loads: self.neuron_loads(),
            input_spikes: self.input_spikes.clone(),
            overflow: self.overflow.clone(),
            host_out: self.host_out,
            host_reads: self.host_reads.load(Ordering::Relaxed),
            sent: self.units.iter().map(Unit::sent).collect(),
            written: self.written.clone(),
            settled: self.settled.clone(),
        }
    }

    /// Takes back what [`Engine::save`] gave, on any number of workers.
    ///
    /// # Errors
    /// If the snapshot is of another network.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<(), EngineError> {
        let chip = &self.image.chip;
        let counts = [
            ("processes with the host", snapshot.units.len(), self.units.len()),
            ("populations on the chip", snapshot.banks.len(), chip.banks.len()),
            ("learning connections on the chip", snapshot.plastic.len(), chip.plastic.len()),
            ("inputs of the chip", snapshot.input_spikes.len(), chip.inputs.len()),
            ("cores", snapshot.loads.len(), chip.cores()),
            ("processes", snapshot.overflow.len(), self.image.paths.len()),
        ];
        for (what, have, want) in counts {
            if have != want {
                return Err(EngineError::Snapshot { fault: format!("it has {have} {what}, this network has {want}") });
            }
        }
        for (u, (unit, state)) in self.units.iter_mut().zip(&snapshot.units).enumerate() {
            let path = &self.image.units[u].path;
            unit.load(state).map_err(|fault| EngineError::Model { path: path.clone(), fault: Box::new(fault) })?;
        }
        for worker in &mut self.workers {
            for (bank, state) in snapshot.banks.iter().enumerate() {
                worker.load(bank, &cut(state, worker.range(bank)))?;
            }
            for (connection, state) in snapshot.plastic.iter().enumerate() {
                let path = &self.image.chip.plastic[connection].path;
                let loaded = worker.load_plastic(connection, state);
                loaded.map_err(|fault| EngineError::Model { path: path.clone(), fault: Box::new(fault) })?;
            }
            worker.recall(&snapshot.past);
            worker.clear_counters();
        }
        self.noise.iter_mut().for_each(|noise| noise.recall(&snapshot.past));
        self.step = snapshot.step;
        self.inputs.clone_from(&snapshot.inputs);
        self.input_spikes.clone_from(&snapshot.input_spikes);
        self.overflow.clone_from(&snapshot.overflow);
        self.base_spikes.clone_from(&snapshot.spikes);
        self.base_loads.clone_from(&snapshot.loads);
        self.host_out = snapshot.host_out;
        *self.host_reads.get_mut() = snapshot.host_reads;
        self.units.iter_mut().zip(&snapshot.sent).for_each(|(unit, sent)| unit.set_sent(*sent));
        self.counted = 0;
        self.load_weights(&snapshot.written, &snapshot.settled)?;
        self.load_structure()
    }

    /// Spikes of all neurons off the chip; `None` if there are none.
    pub fn spikes_off_chip(&self) -> Option<u64> {
        self.units.iter().filter_map(Unit::sent).reduce(|sum, n| sum + n)
    }

    /// Spikes of each neuron of a train.
    pub fn spikes(&self, train: usize) -> Vec<u64> {
        let mut all = self.base_spikes[train].clone();
        let bank = self.image.chip.bank_of(train);
        for worker in &self.workers {
            let range = worker.range(bank);
            for (sum, n) in all[range].iter_mut().zip(worker.spikes(train)) {
                *sum += n;
            }
        }
        all
    }

    /// Spikes of each neuron of each train.
    pub(super) fn all_spikes(&self) -> Vec<Vec<u64>> {
        (0..self.base_spikes.len()).map(|train| self.spikes(train)).collect()
    }

    /// Spikes of each element of an input of the chip.
    pub fn input_spikes(&self, input: usize) -> &[u64] {
        &self.input_spikes[input]
    }

    fn neuron_loads(&self) -> Vec<Counts> {
        let mut loads = self.base_loads.clone();
        for worker in &self.workers {
            worker.add_totals(self.counted, &mut loads);
        }
        loads
    }

    /// Events of each core since the beginning or the last reset: static tables times spikes.
    pub fn loads(&self) -> Vec<Counts> {
        let mut loads = self.neuron_loads();
        self.add_routes(&self.all_spikes(), &mut loads);
        loads
    }

    /// All events since the beginning or the last reset, those of no core included.
    pub fn counts(&self) -> Counts {
        let mut sum = host_events(self);
        self.neuron_loads().iter().for_each(|load| sum += load);
        self.add_routes_to_sum(&self.all_spikes(), &mut sum);
        sum
    }

    /// Wraps, clips and saturations of each process, by its number.
    pub fn overflow(&self) -> Vec<Vec<OverflowRecord>> {
        self.overflow.iter().map(Overflow::records).collect()
    }
}

/// Joins the arrays of all shares of a bank.
fn join(parts: impl Iterator<Item = Vec<Values>>) -> Vec<Values> {
    let mut whole: Vec<Values> = Vec::new();
    for part in parts {
        if whole.is_empty() {
            whole = part;
            continue;
        }
        for (sum, more) in whole.iter_mut().zip(part) {
            match (sum, more) {
                (Values::Int(all), Values::Int(more)) => all.extend(more),
                (sum, more) => {
                    let mut all = sum.to_real();
                    all.extend(more.to_real());
                    *sum = Values::Real(all);
                }
            }
        }
    }
    whole
}

fn cut(state: &[Values], range: std::ops::Range<usize>) -> Vec<Values> {
    let part = |values: &Values| match values {
        Values::Int(all) => Values::Int(all.get(range.clone()).unwrap_or_default().to_vec()),
        Values::Real(all) => Values::Real(all.get(range.clone()).unwrap_or_default().to_vec()),
    };
    state.iter().map(part).collect()
}
