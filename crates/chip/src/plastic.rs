//! Learning synapses on cores: every worker owns the synapses onto its neurons, with their traces.
//!
//! In step t the sums that are due are added before the neurons fire. The learn phase comes when every spike of step t is
//! known, those of the host too: it takes the spikes of the sources and of the targets, and the values that reach the
//! third-factor ports, and changes the weights. The traces of sources are kept by every worker, as every core keeps those of
//! its axons; draws have numbers that do not depend on the cut, so neither does any result.

use std::ops::Range;

use pumice_meter::{Counts, Event};
use pumice_models::{Adjusted, Behaviour, Cut, Fired, Model, Overflow, Plastic, Portion, Setting};
use serde::{Deserialize, Serialize};

use crate::cells::Numbered;
use crate::image::{ChipImage, Source};
use crate::mesh::CoreId;
use crate::worker::WorkerError;

/// What a learning connection hears by one of its in-ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Teller {
    /// The spikes, with their payloads, of a bank or an input.
    Spikes(Source),
    /// A variable of the bank that the synapses lead to, each neuron for its own synapses.
    Variable(usize),
}

/// What reaches one in-port of a learning connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlasticFeed {
    /// In-port of the connection.
    pub port: usize,
    /// Where it comes from.
    pub from: Teller,
    /// `(element sent, element received)`; `None` joins equal elements.
    pub pairs: Option<Vec<(u32, u32)>>,
}

/// A learning connection on the chip. Its projections hold where its synapses lie; their weights change here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlasticImage {
    /// Number of the process in its graph; keys random draws.
    pub process: u32,
    /// Path of the process.
    pub path: String,
    /// Parameters.
    pub model: Model,
    /// The bank that it feeds.
    pub target: usize,
    /// The in-port of that bank.
    pub port: usize,
    /// In-ports of the connection.
    pub in_ports: usize,
    /// What reaches them.
    pub feeds: Vec<PlasticFeed>,
}

/// The variable of a learning connection that holds its weights.
pub(crate) const WEIGHTS: usize = 0;

/// What the host gives to every worker for the learn phase of a step.
#[derive(Clone, Debug, Default)]
pub struct LearnBatch {
    /// The step, counted from 1.
    pub step: u64,
    /// Elements of each input that spiked in this step.
    pub inputs: Vec<Fired>,
    /// Whether loads by core are wanted.
    pub loads: bool,
}

/// What a worker did in a learn phase.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// Loads by core, if they were asked for.
    pub loads: Vec<Counts>,
    /// Overflow of this step by learning connection.
    pub overflow: Vec<(usize, Overflow)>,
    /// Synapses that grew and vanished, by learning connection; what grew has yet to find room.
    pub adjusted: Vec<(usize, Adjusted)>,
    /// By how much weights that lie in cells changed, by learning connection.
    pub changed: Vec<(usize, Numbered)>,
}

/// A worker's share of one learning connection.
#[derive(Debug)]
pub(crate) struct PlasticShare {
    pub(crate) synapses: Box<dyn Plastic>,
    pub(crate) target: usize,
    pub(crate) port: usize,
    feeds: Vec<PlasticFeed>,
    /// The core of each part, and whether the part begins it: then it counts what the core keeps of the sources.
    cores: Vec<(CoreId, bool)>,
    /// The weights after the last learn phase, if they lie in cells.
    watched: Option<Portion>,
    /// Workspace: what reached each in-port.
    arrivals: Vec<Fired>,
    /// What each part had counted at the mark.
    counted: Vec<[u64; 2]>,
    overflow: Overflow,
}

impl PlasticShare {
    /// The synapses of `image` onto `targets`, whose parts lie on these cores.
    pub(crate) fn new(
        chip: &ChipImage,
        image: &PlasticImage,
        targets: Range<usize>,
        parts: &[(CoreId, Range<usize>)],
    ) -> Result<Self, WorkerError> {
        let begins = |core: CoreId, start: usize| {
            let segments = chip.segments.iter().filter(|s| s.bank == image.target && s.core == core);
            segments.map(|s| s.start).min() == Some(start)
        };
        let cores = parts.iter().map(|(core, part)| (*core, begins(*core, targets.start + part.start))).collect();
        let setting = Setting { arithmetic: &chip.arithmetic, seed: chip.seed, place: image.process };
        let cut = Cut { targets: Some(targets), ends: parts.iter().map(|(_, part)| part.end).collect() };
        let path = image.path.clone();
        let made = image.model.plastic(&setting, &cut).ok_or_else(|| WorkerError::NoBank { path: path.clone() })?;
        let synapses = made.map_err(|fault| WorkerError::Model { path, fault: Box::new(fault) })?;
        Ok(PlasticShare {
            watched: chip.bank_in_cells(image.target).then(|| synapses.get(WEIGHTS)),
            synapses,
            target: image.target,
            port: image.port,
            feeds: image.feeds.clone(),
            cores,
            arrivals: vec![Fired::default(); image.in_ports],
            counted: Vec::new(),
            overflow: Overflow::default(),
        })
    }

    /// Runs the learn phase: `spikes` appends the spikes of a source to a list, `variable` reads the target bank, whose first
    /// neuron here has the number `first`.
    pub(crate) fn learn(
        &mut self,
        step: u64,
        spikes: impl Fn(Source, &mut Fired),
        variable: impl Fn(usize) -> Vec<i32>,
        first: usize,
    ) {
        self.arrivals.iter_mut().for_each(Fired::clear);
        for feed in &self.feeds {
            let into = &mut self.arrivals[feed.port];
            let before = into.index.len();
            match feed.from {
                Teller::Spikes(source) => spikes(source, into),
                Teller::Variable(var) => {
                    for (k, x) in variable(var).into_iter().enumerate().filter(|(_, x)| *x != 0) {
                        into.index.push((first + k) as u32);
                        into.payload.push(x);
                    }
                }
            }
            if let Some(pairs) = &feed.pairs {
                rename(into, before, pairs);
            }
            if before > 0 || feed.pairs.is_some() {
                join(into);
            }
        }
        self.synapses.step(step, &self.arrivals, &mut self.overflow);
        self.synapses.learn(step, &mut self.overflow);
    }

    /// By how much weights changed that lie in cells, if any did.
    pub(crate) fn take_changes(&mut self) -> Option<Numbered> {
        let before = self.watched.as_mut()?;
        let now = self.synapses.get(WEIGHTS);
        let pairs = now.index.iter().zip(now.values.iter().zip(&before.values));
        let changed: Numbered = pairs.filter(|(_, (a, b))| a != b).map(|(k, (a, b))| (*k, a - b)).collect();
        *before = now;
        (!changed.is_empty()).then_some(changed)
    }

    /// Takes the weights as they are: what wrote them was not learning.
    pub(crate) fn watch(&mut self) {
        if let Some(watched) = &mut self.watched {
            *watched = self.synapses.get(WEIGHTS);
        }
    }

    /// The overflow since it was last taken, if there is any.
    pub(crate) fn take_overflow(&mut self) -> Option<Overflow> {
        (!self.overflow.records().is_empty()).then(|| std::mem::take(&mut self.overflow))
    }

    /// Synapses visited and random numbers drawn since they were last cleared, by part.
    fn counts(&self) -> impl Iterator<Item = [u64; 2]> {
        let drawn = self.synapses.random_numbers();
        let parts = self.synapses.updates().iter().zip(&self.cores).zip(drawn.parts);
        parts.map(move |((updates, (_, begins)), own)| [*updates, own + if *begins { drawn.sources } else { 0 }])
    }

    /// Adds what was counted since it was last cleared.
    pub(crate) fn add_counts(&self, loads: &mut [Counts]) {
        self.add(loads, std::iter::repeat([0; 2]));
    }

    /// Remembers what is counted so far.
    pub(crate) fn mark(&mut self) {
        self.counted = self.counts().collect();
    }

    /// Adds what was counted since the mark.
    pub(crate) fn add_new_counts(&self, loads: &mut [Counts]) {
        self.add(loads, self.counted.iter().copied());
    }

    fn add(&self, loads: &mut [Counts], before: impl Iterator<Item = [u64; 2]>) {
        for (((core, _), now), before) in self.cores.iter().zip(self.counts()).zip(before) {
            let load = &mut loads[core.0 as usize];
            load.add(Event::SynapseUpdate, now[0] - before[0]);
            load.add(Event::RandomNumber, now[1] - before[1]);
        }
    }
}

/// Appends one list of spikes to another.
pub(crate) fn append(from: &Fired, into: &mut Fired) {
    into.index.extend_from_slice(&from.index);
    into.payload.extend((0..from.index.len()).map(|k| from.payload_of(k)));
}

/// Replaces the elements from `start` on by those that receive them.
fn rename(fired: &mut Fired, start: usize, pairs: &[(u32, u32)]) {
    let index = fired.index.split_off(start);
    let payload = fired.payload.split_off(start);
    for (i, x) in index.into_iter().zip(payload) {
        for (_, to) in pairs.iter().filter(|(from, _)| *from == i) {
            fired.index.push(*to);
            fired.payload.push(x);
        }
    }
}

/// Sorts the elements and sums what reaches the same one, as an in-port does.
fn join(fired: &mut Fired) {
    let mut all: Vec<(u32, i32)> = fired.index.drain(..).zip(fired.payload.drain(..)).collect();
    all.sort_by_key(|(i, _)| *i);
    for (i, x) in all {
        match fired.index.last() {
            Some(last) if *last == i => {
                if let Some(sum) = fired.payload.last_mut() {
                    *sum = sum.wrapping_add(x);
                }
            }
            _ => {
                fired.index.push(i);
                fired.payload.push(x);
            }
        }
    }
    let mut sums = fired.payload.iter();
    fired.index.retain(|_| sums.next().is_some_and(|sum| *sum != 0));
    fired.payload.retain(|sum| *sum != 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists are renamed, sorted and summed as an in-port sums what several out-ports send it.
    #[test]
    fn arrivals_are_joined_as_an_in_port_joins() {
        let mut fired = Fired { index: vec![4, 1, 2], payload: vec![1, 5, 7] };
        rename(&mut fired, 1, &[(1, 4), (2, 0), (2, 9)]);
        assert_eq!(fired, Fired { index: vec![4, 4, 0, 9], payload: vec![1, 5, 7, 7] });
        fired.payload[1] = -1;
        join(&mut fired);
        assert_eq!(fired, Fired { index: vec![0, 9], payload: vec![7, 7] });
    }
}
