//! What workers and the host send each other once per step.

use std::sync::Arc;

use pumice_models::{Fired, Overflow};
use serde::{Deserialize, Serialize};

use crate::load::CoreLoad;

/// What one worker did in one step.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The neurons of its share that fired, by train; indices are those of the whole bank.
    pub fired: Vec<Fired>,
    /// Loads by core, if they were asked for: the neurons' part (spikes' part comes from the routes).
    pub loads: Vec<CoreLoad>,
    /// Variables that a probe asked for: probe, first neuron, values of its share.
    pub probes: Vec<(usize, usize, Vec<i32>)>,
    /// Overflow of this step, by bank; indices are those of the whole bank.
    pub overflow: Vec<(usize, Overflow)>,
}

/// The spikes of a train in a step, from the batches of all workers in their order.
pub fn fired(batches: &[Arc<Batch>], train: usize) -> Fired {
    let mut whole = Fired::default();
    batches.iter().for_each(|batch| whole.append(&batch.fired[train]));
    whole
}

/// The spikes of one step, of the whole chip: by train and by input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSpikes {
    /// By train.
    pub trains: Vec<Fired>,
    /// By input.
    pub inputs: Vec<Fired>,
}

/// What the host gives to every worker at the beginning of a step.
#[derive(Clone, Debug, Default)]
pub struct HostBatch {
    /// The step, counted from 1.
    pub step: u64,
    /// Elements of each input that spiked in the step before; they are integrated in this one.
    pub inputs: Vec<Fired>,
    /// Sums for in-ports that no connection feeds: bank, port, one value per neuron; integrated in this step.
    pub direct: Vec<(usize, usize, Vec<i32>)>,
    /// Whether loads by core are wanted.
    pub loads: bool,
    /// Probes that are due in this step: number, bank, variable.
    pub probes: Vec<(usize, usize, usize)>,
}
