//! A worker's share of one bank: it updates what works, and passes over what rests.
//!
//! Neurons are updated in runs of one core. A run rests when a step without input changes none of its neurons and makes none
//! fire; its bank says so ([`Bank::rest`]). Until one of its accumulators is no longer zero, or a variable is written, it is
//! counted and not updated. So rest shows in no result: neither in spikes and states nor in what the chip would count.

use std::ops::Range;

use pumice_meter::{Counts, Event};
use pumice_models::{Bank, BankContext, Fired, ModelError, Overflow, Values};

use crate::load::count_updates;
use crate::mesh::CoreId;

/// Neurons of a run, so few that their accumulators are still in the first cache when they are cleared.
const RUN: usize = 2048;

/// A bank is asked whether a run rests in every step of which the number is a multiple of this.
const ASKED: u64 = 16;

/// A share of one bank.
#[derive(Debug)]
pub(crate) struct Share {
    bank: Box<dyn Bank>,
    pub(crate) range: Range<usize>,
    /// Where its accumulators lie in the worker's, by in-port.
    pub(crate) sums: Vec<Range<usize>>,
    /// Parts of the share by core, indices counted from the share's start.
    pub(crate) parts: Vec<(CoreId, Range<usize>)>,
    /// Spikes of each neuron, by train.
    pub(crate) spikes: Vec<Vec<u64>>,
    pub(crate) active: Vec<u64>,
    /// Random numbers drawn, by part.
    pub(crate) random_numbers: Vec<u64>,
    /// Random numbers that sources beside the neurons draw for each of them in every step.
    pub(crate) driven: u64,
    pub(crate) overflow: Overflow,
    /// How far its accumulators may be from zero in this step, by in-port.
    pub(crate) reach: Vec<i64>,
    /// Whether an accumulator may be other than zero in this step.
    pub(crate) touched: bool,
    /// Names of its in-ports.
    pub(crate) ports: Vec<&'static str>,
    /// How many neurons of each run, part after part, are active while it rests; `None` if it does not, or nobody asked.
    resting: Vec<Option<u64>>,
    /// Who fired in this step, by train, until it is taken.
    pub(crate) fired: Vec<Fired>,
    /// Spikes of the last step, by train.
    last: Vec<usize>,
    /// Its neurons are analog.
    pub(crate) analog: bool,
}

impl Share {
    /// The neurons `range` of a bank of so many trains, without spikes so far.
    pub(crate) fn new(
        (bank, trains): (Box<dyn Bank>, usize),
        range: Range<usize>,
        sums: Vec<Range<usize>>,
        parts: Vec<(CoreId, Range<usize>)>,
        ports: Vec<&'static str>,
        analog: bool,
    ) -> Self {
        let runs = parts.iter().map(|(_, part)| part.len().div_ceil(RUN)).sum();
        Share {
            bank,
            spikes: vec![vec![0; range.len()]; trains],
            active: vec![0; parts.len()],
            random_numbers: vec![0; parts.len()],
            driven: 0,
            overflow: Overflow::default(),
            reach: vec![0; ports.len()],
            touched: false,
            resting: vec![None; runs],
            fired: vec![Fired::default(); trains],
            last: vec![0; trains],
            range,
            sums,
            parts,
            ports,
            analog,
        }
    }

    /// Updates all neurons that do not rest, clears their accumulators, and lists who fired.
    pub(crate) fn fire(&mut self, step: u64, sums: &mut [i32], loads: &mut [Counts]) {
        // About as many as in the step before, so that the list need not grow; none if nobody fires for long.
        for (own, last) in self.fired.iter_mut().zip(&self.last) {
            own.index.reserve(if *last == 0 { 0 } else { last + last / 4 + 16 });
        }
        let touched = std::mem::take(&mut self.touched);
        let mut resting = self.resting.iter_mut();
        let totals = self.active.iter_mut().zip(&mut self.random_numbers);
        for ((core, part), (total, all_drawn)) in self.parts.iter().zip(totals) {
            let (mut active, mut drawn) = (0, self.driven * part.len() as u64);
            for (start, resting) in part.clone().step_by(RUN).zip(&mut resting) {
                let run = start..(start + RUN).min(part.end);
                let asked = resting.is_none() && step.is_multiple_of(ASKED);
                let silent = |own: &Range<usize>| all_zero(&sums[own.clone()][run.clone()]);
                if (asked || resting.is_some()) && (!touched || self.sums.iter().all(silent)) {
                    if asked {
                        *resting = self.bank.rest(run.clone());
                    }
                    if let Some(still) = resting {
                        active += *still;
                        continue;
                    }
                }
                *resting = None;
                let inputs: Vec<&[i32]> = self.sums.iter().map(|own| &sums[own.clone()]).collect();
                let mut context = BankContext::new(step, &mut self.overflow);
                active += self.bank.step(run.clone(), &mut context, &inputs, &mut self.fired);
                drawn += context.random_numbers;
                if touched {
                    self.sums.iter().for_each(|own| sums[own.clone()][run.clone()].fill(0));
                }
            }
            *total += active;
            *all_drawn += drawn;
            if let Some(load) = loads.get_mut(core.0 as usize) {
                count_updates(self.analog, load, part.len() as u64, active);
                load.add(Event::RandomNumber, drawn);
            }
        }
        let first = self.range.start as u32;
        for ((own, spikes), last) in self.fired.iter_mut().zip(&mut self.spikes).zip(&mut self.last) {
            for i in &mut own.index {
                spikes[*i as usize] += 1;
                *i += first;
            }
            *last = own.index.len();
        }
    }

    /// The bank, to be read.
    pub(crate) fn bank(&self) -> &dyn Bank {
        &*self.bank
    }

    /// Lets thermal noise count its steps on from `origin`.
    pub(crate) fn set_noise_origin(&mut self, origin: u64) {
        self.wake();
        self.bank.set_noise_origin(origin);
    }

    /// Writes a variable from the values of the whole bank.
    ///
    /// # Errors
    /// If a value does not fit its register.
    pub(crate) fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.wake();
        self.bank.set(var, &values[self.range.clone()])
    }

    /// Takes back the state of the share.
    ///
    /// # Errors
    /// If the arrays do not have the shape that the bank saves.
    pub(crate) fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.wake();
        self.bank.load(state)
    }

    /// Nothing is known to rest.
    fn wake(&mut self) {
        self.resting.fill(None);
    }
}

/// Whether every number is zero; without a branch for each.
fn all_zero(numbers: &[i32]) -> bool {
    numbers.iter().fold(0, |any, x| any | x) == 0
}

#[cfg(test)]
mod tests;
