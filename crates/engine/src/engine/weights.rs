//! Weights of connections on the chip, written while it runs.
//!
//! As everywhere, a spike takes the weights of the step in which it is sent: spikes that are still due when weights
//! are written keep the old rows. Synapses that a write adds or takes away count from then on; events until then are
//! settled with the rows that caused them. Cores keep their places, and their memory is not fitted again.

use std::sync::Arc;

use pumice_chip::{Projection, Source};
use pumice_meter::Counts;
use pumice_models::{Behaviour, ModelError, Rows, Setting, Values};
use serde::{Deserialize, Serialize};

use super::{Engine, no_such};
use crate::error::EngineError;
use crate::image::Image;
use crate::pool::Pool;
use crate::view::remap;

/// Weights of a connection on the chip that were written while it ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// They act on spikes sent after this step.
    pub step: u64,
    /// Number of the connection's process.
    pub process: u32,
    /// All its weights, in the order of its variable.
    pub weights: Vec<i32>,
}

/// Events that were caused by rows which a write has changed since, and the spikes that they were counted from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Events by core; empty if nothing was written.
    pub loads: Vec<Counts>,
    /// Spikes per neuron of each train until then.
    pub spikes: Vec<Vec<u64>>,
    /// Spikes per element of each input until then.
    pub input_spikes: Vec<Vec<u64>>,
}

impl Settled {
    /// Spikes of a source since then.
    pub(super) fn since(&self, source: Source, all: &[u64]) -> Vec<u64> {
        let before = match source {
            Source::Train(t) => self.spikes.get(t),
            Source::Input(k) => self.input_spikes.get(k),
        };
        match before {
            Some(before) => all.iter().zip(before).map(|(n, before)| n - before).collect(),
            None => all.to_vec(),
        }
    }
}

/// The weights that a connection of the chip begins with.
pub(super) fn first(image: &Image, process: u32) -> Result<Vec<i32>, EngineError> {
    let (model, setting) = model_of(image, process)?;
    let path = &image.paths[process as usize];
    if model.vars().is_empty() {
        return Err(no_such(image, process, "has no variables"));
    }
    let kernel =
        model.fixed(&setting).map_err(|fault| EngineError::Model { path: path.clone(), fault: Box::new(fault) })?;
    Ok(kernel.get(0))
}

fn model_of(image: &Image, process: u32) -> Result<(&pumice_models::Model, Setting<'_>), EngineError> {
    let found = image.synapses.iter().find(|(p, _)| *p == process);
    let (_, model) = found.ok_or_else(|| no_such(image, process, "has no variables"))?;
    Ok((model, Setting { arithmetic: &image.chip.arithmetic, seed: image.chip.seed, place: process }))
}

impl Engine {
    /// The weights of a connection on the chip as they are now.
    pub(super) fn weights(&self, process: u32) -> Result<Values, EngineError> {
        match self.written.iter().rev().find(|w| w.process == process) {
            Some(written) => Ok(Values::Int(written.weights.clone())),
            None => first(&self.image, process).map(Values::Int),
        }
    }

    /// The same for a probe, which asks in every step: weights that were never written are kept.
    pub(super) fn recorded_weights(&mut self, process: u32) -> Result<Values, EngineError> {
        if self.written.iter().any(|w| w.process == process) {
            return self.weights(process);
        }
        if let Some(values) = self.first.get(&process) {
            return Ok(values.clone());
        }
        let values = self.weights(process)?;
        self.first.insert(process, values.clone());
        Ok(values)
    }

    /// Writes the weights of a connection on the chip; `pool` has the workers while a run goes on.
    pub(super) fn set_weights(
        &mut self,
        process: u32,
        values: &Values,
        pool: Option<&mut Pool<'_>>,
    ) -> Result<(), EngineError> {
        let whole = values.to_int();
        let fault = "runs in integers, but a value with a fraction was given";
        let weights = whole.ok_or_else(|| no_such(&self.image, process, fault))?;
        let written = Written { step: self.step, process, weights };
        self.write(&written, pool)?;
        self.keep(written);
        Ok(())
    }

    /// Gives workers and routes the rows of these weights.
    fn write(&mut self, written: &Written, mut pool: Option<&mut Pool<'_>>) -> Result<(), EngineError> {
        let image = self.image.clone();
        let own = |p: &&Projection| p.process == written.process;
        if image.chip.projections.iter().filter(own).any(|p| image.chip.in_cells(p)) {
            return Err(no_such(&image, written.process, super::plastic::IN_CELLS));
        }
        let (model, setting) = model_of(&image, written.process)?;
        let fault = "cannot write the weights of this connection while it is on the chip; run it on the fixed backend";
        let rows =
            model.rows_with(&setting, &written.weights).ok_or_else(|| no_such(&image, written.process, fault))?;
        let path = image.paths[written.process as usize].clone();
        let rows = rows.map_err(|fault: ModelError| EngineError::Model { path, fault: Box::new(fault) })?;
        let own = (0..image.chip.projections.len()).filter(|k| image.chip.projections[*k].process == written.process);
        let changed: Vec<(usize, Rows)> = own.map(|k| (k, remap(&image, k, &rows))).collect();
        let moved = changed.iter().any(|(k, rows)| {
            let now = self.rows(*k);
            now.start != rows.start || now.target != rows.target
        });
        if moved {
            self.settle(pool.as_deref_mut())?;
        }
        for (k, rows) in changed {
            let old = &image.chip.projections[k];
            let path = old.path.clone();
            let (process, source, target, port) = (old.process, old.source, old.target, old.port);
            let p = Projection { process, path, source, target, port, rows };
            match &mut pool {
                Some(pool) => pool.set_rows(k, written.step, Arc::new(p.clone()))?,
                None => self.workers.iter_mut().for_each(|w| w.set_rows(k, written.step, &p)),
            }
            self.changed.insert(k, p.rows);
        }
        if moved {
            self.reroute(written.process);
        }
        Ok(())
    }

    /// Remembers what was written, and what is still due with older weights.
    fn keep(&mut self, written: Written) {
        let held = self.image.chip.arithmetic.delay_max.max(self.image.chip.longest_delay() as u32);
        let oldest = written.step.saturating_sub(u64::from(held) + 1);
        self.written.retain(|w| w.process != written.process || w.step != written.step);
        let own: Vec<u64> = self.written.iter().filter(|w| w.process == written.process).map(|w| w.step).collect();
        // The last one written before the oldest spike that may be due is still needed.
        let base = own.into_iter().filter(|step| *step <= oldest).max().unwrap_or(0);
        self.written.retain(|w| w.process != written.process || w.step >= base);
        self.written.push(written);
    }

    /// The rows of a projection as they are now.
    pub fn rows(&self, projection: usize) -> &Rows {
        self.changed.get(&projection).unwrap_or(&self.image.chip.projections[projection].rows)
    }

    /// Events that rows caused which have changed since.
    pub fn settled(&self) -> &Settled {
        &self.settled
    }

    /// Spikes of a source since rows last changed.
    pub fn spikes_since(&self, source: Source) -> Vec<u64> {
        match source {
            Source::Train(t) => self.settled.since(source, &self.spikes(t)),
            Source::Input(k) => self.settled.since(source, &self.input_spikes[k]),
        }
    }

    /// Counts what rows have caused so far, before they change; `pool` has the workers while a run goes on.
    pub(super) fn settle(&mut self, pool: Option<&mut Pool<'_>>) -> Result<(), EngineError> {
        let mut spikes = self.all_spikes();
        if let Some(pool) = pool {
            for (train, all) in spikes.iter_mut().enumerate() {
                all.iter_mut().zip(pool.spikes(train)?).for_each(|(sum, n)| *sum += n);
            }
        }
        let mut loads = vec![Counts::default(); self.image.chip.cores()];
        self.add_routes(&spikes, &mut loads);
        self.settled = Settled { loads, spikes, input_spikes: self.input_spikes.clone() };
        Ok(())
    }

    /// Adds what all spikes set off to the loads of all cores; those of trains are given.
    pub(super) fn add_routes(&self, spikes: &[Vec<u64>], loads: &mut [Counts]) {
        loads.iter_mut().zip(&self.settled.loads).for_each(|(load, settled)| *load += settled);
        self.each_that_fired(spikes, |source, i, n| self.routes.add(source, i, n, loads));
    }

    /// Adds the same to a sum over all cores.
    pub(super) fn add_routes_to_sum(&self, spikes: &[Vec<u64>], sum: &mut Counts) {
        self.settled.loads.iter().for_each(|settled| *sum += settled);
        self.each_that_fired(spikes, |source, i, n| self.routes.add_to_sum(source, i, n, sum));
    }

    /// Shows every element that spiked since rows last changed, and how often; the spikes of trains are given.
    fn each_that_fired(&self, spikes: &[Vec<u64>], mut show: impl FnMut(Source, usize, u64)) {
        for source in self.image.chip.sources() {
            let all = match source {
                Source::Train(t) => &spikes[t],
                Source::Input(k) => &self.input_spikes[k],
            };
            let since = self.settled.since(source, all);
            since.into_iter().enumerate().filter(|(_, n)| *n > 0).for_each(|(i, n)| show(source, i, n));
        }
    }

    /// Makes the routes of a connection's sources anew.
    pub(super) fn reroute(&mut self, process: u32) {
        let image = self.image.clone();
        let mut sources: Vec<Source> =
            image.chip.projections.iter().filter(|p| p.process == process).map(|p| p.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let all = image.chip.projections.iter().enumerate();
        let rows: Vec<&Rows> = all.map(|(k, p)| self.changed.get(&k).unwrap_or(&p.rows)).collect();
        sources.into_iter().for_each(|source| self.routes.update(&image.chip, source, &rows));
    }

    /// Takes back the weights and settled events of a snapshot.
    pub(super) fn load_weights(&mut self, written: &[Written], settled: &Settled) -> Result<(), EngineError> {
        let image = self.image.clone();
        self.settled = Settled::default();
        for k in std::mem::take(&mut self.changed).into_keys() {
            let p = &image.chip.projections[k];
            self.workers.iter_mut().for_each(|w| w.set_rows(k, 0, p));
            self.reroute(p.process);
        }
        for one in written {
            self.write(one, None)?;
        }
        self.written = written.to_vec();
        self.settled = settled.clone();
        Ok(())
    }
}
