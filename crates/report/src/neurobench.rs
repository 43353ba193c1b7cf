//! The metrics of NeuroBench, under its names.
//!
//! Source: Yik et al., "The NeuroBench framework for benchmarking neuromorphic computing algorithms and systems", Nature
//! Communications 16, 2025 (algorithm track). What is counted is what lies on the emulated chip.

use pumice_meter::Event;
use pumice_models::RowFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::Run;

/// NeuroBench's complexity metrics, with the keys of its own results (version 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NeuroBench {
    /// Memory of the model `[byte]`: synapse memory of all cores, and current and voltage of each neuron where the profile
    /// knows their widths.
    pub footprint: u64,
    /// The part of possible weights that are zero, `0..=1`, over dense and sparse connections; null without one. Shared
    /// kernels are not counted. Synapses that join the same two neurons are counted one by one, so it is a lower bound there.
    pub connection_sparsity: Option<f64>,
    /// The part of neuron outputs that were zero over all neurons and steps, `0..=1`; null without neurons or steps.
    pub activation_sparsity: Option<f64>,
    /// Synaptic operations, per sample, or of the run without a task.
    pub synaptic_operations: SynapticOperations,
    /// Updates of membranes, per sample.
    pub membrane_updates: f64,
    /// The part of the samples classified rightly on the chip, `0..=1`; null without a task.
    pub classification_accuracy: Option<f64>,
}

/// NeuroBench's synaptic operations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SynapticOperations {
    /// Accumulates: caused by spikes through weights that are not zero.
    #[serde(rename = "Effective_ACs")]
    pub effective_acs: f64,
    /// Multiply-accumulates: the same through connections that multiply by a payload; contained in no other key.
    #[serde(rename = "Effective_MACs")]
    pub effective_macs: f64,
    /// All operations if every source were active in every step and no weight were zero.
    #[serde(rename = "Dense")]
    pub dense: f64,
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
            footprint: (bits + neurons * u64::from(registers)).div_ceil(8),
            connection_sparsity: part(present, possible),
            activation_sparsity: part(counts.spikes(), outputs * steps),
            synaptic_operations: SynapticOperations {
                effective_acs: (counts.synaptic_events() - macs) as f64,
                effective_macs: macs as f64,
                dense: dense as f64 * steps as f64,
            },
            membrane_updates: (counts[Event::NeuronUpdate] + counts[Event::AnalogUpdate]) as f64,
            classification_accuracy: None,
        }
    }

    /// The same by sample, of which this part was classified rightly.
    pub(crate) fn per_sample(mut self, samples: u64, accuracy: Option<f64>) -> Self {
        let SynapticOperations { effective_acs, effective_macs, dense } = &mut self.synaptic_operations;
        for sum in [effective_acs, effective_macs, dense, &mut self.membrane_updates] {
            *sum /= samples.max(1) as f64;
        }
        self.classification_accuracy = accuracy;
        self
    }
}
