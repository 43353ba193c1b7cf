//! Classification of samples: a variable is set, the network runs, spikes of the outputs are counted.

use std::time::Duration;

use pumice_engine::{Recorded, Recording};
use pumice_file::Classify;
use pumice_meter::{Counts, Usage};
use pumice_process::{ProbeId, Var};
use pumice_report::{Answers, Parts, Run, RunReport};

use crate::explain::merge;
use crate::{Error, RunSteps, Simulation};

/// Samples to be classified, and how they go in and out.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The variable that each sample is written to.
    pub input: Var<f64>,
    /// A probe of events of the output spikes, one element per class.
    pub output: ProbeId,
    /// One row per sample.
    pub samples: &'a [Vec<f64>],
    /// The class of each sample.
    pub labels: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// Steps per sample.
    pub steps: u64,
    /// Whether the state goes back to the beginning before each sample.
    pub reset: bool,
}

impl<'a> From<&'a Classify> for Task<'a> {
    /// The task of a model file.
    fn from(task: &'a Classify) -> Self {
        Task {
            input: task.input,
            output: task.output,
            samples: &task.samples,
            labels: &task.labels,
            classes: task.classes,
            steps: task.steps,
            reset: task.reset,
        }
    }
}

/// What became of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The class it has.
    pub label: usize,
    /// The class with most output spikes; the lowest of equals.
    pub answer: usize,
    /// Output spikes by class.
    pub votes: Vec<u64>,
    /// Emulated time `[ps]`, if it was computed.
    pub time_ps: Option<u64>,
}

/// What became of all samples, with everything they cost.
#[derive(Clone, Debug, Default)]
pub struct Classification {
    /// By sample.
    pub samples: Vec<Sample>,
    /// Events of all samples.
    pub counts: Counts,
    /// Steps of all samples that lasted longer than the tick of the chip, if it has one.
    pub late_steps: Option<u64>,
    /// Spikes of all neurons that are not on the chip, of all samples; `None` if there are no such neurons.
    pub spikes_off_chip: Option<u64>,
    /// Events of all samples by layer, process and core.
    pub parts: Parts,
    /// Chips, cores and time of all samples.
    pub usage: Usage,
    /// Steps of all samples.
    pub steps: u64,
    /// Wraps, clips and saturations of all samples: path, variable, kind and how often.
    pub overflow: Vec<(String, pumice_models::OverflowRecord)>,
    /// What the probes saw in all samples; steps are counted on from sample to sample.
    pub recordings: Vec<Recording>,
}

impl Classification {
    /// The part of the samples that were classified as labelled.
    pub fn accuracy(&self) -> f64 {
        let right = self.samples.iter().filter(|s| s.answer == s.label).count();
        right as f64 / self.samples.len().max(1) as f64
    }

    /// The classes that were answered.
    pub fn answers(&self) -> Vec<usize> {
        self.samples.iter().map(|s| s.answer).collect()
    }

    /// What all samples came to on the network that ran them; `wall` is how long they took here.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn report(
        &self,
        model: &str,
        simulation: &Simulation,
        answers: &Answers,
        wall: Duration,
    ) -> Result<RunReport, Error> {
        let report = RunReport::new(&Run {
            model,
            image: simulation.image(),
            profile: simulation.profile(),
            prices: simulation.prices(),
            workers: simulation.workers(),
            timing: simulation.timing(),
            steps: self.steps,
            counts: &self.counts,
            spikes_off_chip: self.spikes_off_chip,
            bill: &simulation.bill_of(&self.counts, &self.usage)?,
            usage: &self.usage,
            late_steps: self.late_steps,
            wall,
            overflow: &self.overflow,
            parts: &self.parts,
            cells: simulation.cells_report()?,
        });
        Ok(report.classified(answers))
    }

    /// The part of the samples to which both gave the same answer.
    pub fn agreement(&self, other: &Classification) -> f64 {
        let same = self.samples.iter().zip(&other.samples).filter(|(a, b)| a.answer == b.answer).count();
        same as f64 / self.samples.len().max(1) as f64
    }
}

/// Classifies all samples; `progress` is told how many are done after each.
///
/// # Errors
/// If a sample does not fit the input, or the run fails.
pub fn classify(
    simulation: &mut Simulation,
    task: &Task<'_>,
    mut progress: impl FnMut(usize),
) -> Result<Classification, Error> {
    let mut result = Classification::default();
    let mut seen = 0;
    let mut done = 0;
    for (k, (sample, label)) in task.samples.iter().zip(task.labels).enumerate() {
        if task.reset {
            if k > 0 {
                add_events(simulation, &mut result);
                add_recordings(simulation.recordings(), done, &mut result.recordings);
            }
            done = result.steps;
            simulation.reset()?;
            simulation.set_noise_origin(done);
            seen = 0;
        }
        let before = simulation.time_ps();
        simulation.set(task.input, sample)?;
        simulation.run(RunSteps(task.steps))?;
        let events = simulation.recording(task.output).events();
        let mut votes = vec![0; task.classes];
        for (_, element) in &events[seen..] {
            votes[*element as usize] += 1;
        }
        seen = events.len();
        let time_ps = simulation.time_ps().zip(before).map(|(after, before)| after - before);
        result.samples.push(Sample { label: *label, answer: most(&votes), votes, time_ps });
        result.steps += task.steps;
        progress(k + 1);
    }
    add_events(simulation, &mut result);
    add_recordings(simulation.recordings(), done, &mut result.recordings);
    let times: Option<u64> = result.samples.iter().map(|s| s.time_ps).sum();
    result.usage = Usage { time_ps: times, ..simulation.usage() };
    Ok(result)
}

/// The lowest index of the largest vote.
fn most(votes: &[u64]) -> usize {
    let best = votes.iter().max();
    votes.iter().position(|v| Some(v) == best).unwrap_or(0)
}

/// Adds what was recorded since the last reset, before which `done` steps of the task were done.
fn add_recordings(own: &[Recording], done: u64, all: &mut Vec<Recording>) {
    if all.is_empty() {
        all.extend(own.iter().cloned());
        return;
    }
    for (sum, own) in all.iter_mut().zip(own) {
        sum.steps.extend(own.steps.iter().map(|step| step + done));
        match (&mut sum.data, &own.data) {
            (Recorded::Int(sum), Recorded::Int(own)) => sum.extend(own),
            (Recorded::Real(sum), Recorded::Real(own)) => sum.extend(own),
            (Recorded::Events { step, index, value }, Recorded::Events { step: s, index: i, value: v }) => {
                step.extend(s.iter().map(|step| step + done));
                index.extend(i);
                value.extend(v);
            }
            // A probe keeps its form; a reset does not change it.
            _ => {}
        }
    }
}

/// Adds what the simulation counted since its last reset.
fn add_events(simulation: &Simulation, result: &mut Classification) {
    if simulation.steps() == 0 {
        return;
    }
    result.counts += simulation.counts();
    let off_chip = simulation.spikes_off_chip().map(|n| n + result.spikes_off_chip.unwrap_or(0));
    result.spikes_off_chip = off_chip;
    result.late_steps = simulation.late_steps().map(|n| n + result.late_steps.unwrap_or(0));
    let (sum, own) = (&mut result.parts, simulation.parts());
    sum.layers = merge(std::mem::take(&mut sum.layers).into_iter().chain(own.layers));
    sum.processes = merge(std::mem::take(&mut sum.processes).into_iter().chain(own.processes));
    sum.cores.resize(own.cores.len(), Counts::default());
    sum.cores.iter_mut().zip(own.cores).for_each(|(sum, own)| *sum += own);
    for (path, record) in simulation.overflow() {
        let same = |(p, r): &&mut (String, pumice_models::OverflowRecord)| {
            *p == path && r.variable == record.variable && r.kind == record.kind
        };
        match result.overflow.iter_mut().find(same) {
            Some((_, sum)) => sum.count += record.count,
            None => result.overflow.push((path, record)),
        }
    }
}
