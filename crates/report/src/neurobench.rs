//! The metrics of NeuroBench, in its vocabulary.
//!
//! Source: Yik et al., "The NeuroBench framework for benchmarking neuromorphic computing algorithms and systems", Nature
//! Communications 16, 2025 (algorithm track). What is counted is what lies on the emulated chip.

use pumice_meter::Event;
use pumice_models::RowFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::Run;

/// NeuroBench's complexity metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NeuroBench {
    /// Memory of the model `[byte]`: synapse memory of all cores, and current and voltage of each neuron where the profile
    /// knows their widths.
    pub footprint_bytes: u64,
    /// The part of possible weights that are zero, `0..=1`, over dense and sparse connections; null without one. Shared
    /// kernels are not counted. Synapses that join the same two neurons are counted one by one, so it is a lower bound there.
    pub connection_sparsity: Option<f64>,
    /// The part of neuron outputs that were zero over all neurons and steps, `0..=1`; null without neurons or steps.
    pub activation_sparsity: Option<f64>,
    /// Synaptic operations caused by spikes through weights that are not zero (accumulates), per sample, or of the run without a task.
    pub effective_acs: f64,
    /// The same through connections that multiply by a payload (multiply-accumulates), per sample; contained in no other key.
    pub effective_macs: f64,
    /// Synaptic operations if every source were active in every step and no weight were zero, per sample.
    pub dense_operations: f64,
    /// Updates of membranes, per sample.
    pub membrane_updates: f64,
}

impl NeuroBench {
    /// The metrics of a run without a task; `bits` is the synapse memory.
    pub(crate) fn new(run: &Run<'_>, bits: u64) -> Self {
        let (chip, counts, steps) = (&run.image.chip, run.counts, run.steps);
        let neurons = chip.neurons() as u64;
        let outputs: u64 = chip.trains().map(|bank| chip.banks[bank].n as u64).sum();
        let registers = run.profile.neuron.u_bits.unwrap_or(0) + run.profile.neuron.v_bits.unwrap_or(0);
        let weighted = || chip.projections.iter().filter(|p| p.rows.format != RowFormat::Conv);
        let listed = weighted().map(|p| (p.rows.n_in as u64 * p.rows.n_out as u64, p.rows.len() as u64));
        let drawn = chip.drawn.iter().map(|p| (p.synapses.n_in() as u64 * p.synapses.n_out() as u64, p.n as u64));
        let (possible, present) = listed.chain(drawn).fold((0, 0), |(all, some), (a, b)| (all + a, some + b));
        let shared = chip.projections.iter().filter(|p| p.rows.format == RowFormat::Conv);
        let dense = possible + shared.map(|p| p.rows.len() as u64).sum::<u64>();
        let part = |n: u64, of: u64| (of > 0).then(|| (1.0 - n as f64 / of as f64).max(0.0));
        let multiplies = |path: &str| chip.projections.iter().any(|p| p.path == path && p.rows.graded);
        let graded = run.parts.processes.iter().filter(|(path, _)| multiplies(path));
        let macs: u64 = graded.map(|(_, counts)| counts.synaptic_events()).sum();
        NeuroBench {
            footprint_bytes: (bits + neurons * u64::from(registers)).div_ceil(8),
            connection_sparsity: part(present, possible),
            activation_sparsity: part(counts.spikes(), outputs * steps),
            effective_acs: (counts.synaptic_events() - macs) as f64,
            effective_macs: macs as f64,
            dense_operations: dense as f64 * steps as f64,
            membrane_updates: (counts[Event::NeuronUpdate] + counts[Event::AnalogUpdate]) as f64,
        }
    }

    /// The same by sample.
    pub(crate) fn per_sample(mut self, samples: u64) -> Self {
        for sum in
            [&mut self.effective_acs, &mut self.effective_macs, &mut self.dense_operations, &mut self.membrane_updates]
        {
            *sum /= samples.max(1) as f64;
        }
        self
    }
}
