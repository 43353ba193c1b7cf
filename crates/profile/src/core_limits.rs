//! What fits into one core.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What fits into one core. An absent limit is no known limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoreLimits {
    /// Neurons (compartments).
    #[serde(default)]
    pub neurons: Option<u32>,
    /// Synapses, where they are counted and not packed into memory.
    #[serde(default)]
    pub synapses: Option<u64>,
    /// Synaptic memory `[bit]`, filled as `synapse_format` says.
    #[serde(default)]
    pub syn_mem_bits: Option<u64>,
    /// Input axons: sources that may reach the core.
    #[serde(default)]
    pub axon_in: Option<u32>,
    /// Output axons: pairs of a neuron and a destination core.
    #[serde(default)]
    pub axon_out: Option<u32>,
    /// Synapses onto one neuron.
    #[serde(default)]
    pub fan_in: Option<u32>,
    /// Destination cores of one neuron.
    #[serde(default)]
    pub destinations_per_neuron: Option<u32>,
    /// Longest delay `[steps]`.
    #[serde(default)]
    pub delay_max: Option<u32>,
    /// How synapses are packed into `syn_mem_bits`.
    #[serde(default)]
    pub synapse_format: Option<SynapseFormat>,
}

/// How synapses are packed into synaptic memory.
///
/// The synapses of one source on a core are cut into entries. An entry of `n` synapses takes
/// `n * (weight + index + delay + tag) + entry_overhead_bits` bits, rounded up to whole words.
///
/// Source: nengo-loihi `block.py` `SynapseConfig.bits_per_axon`, for Loihi 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SynapseFormat {
    /// Widths a weight may have `[bit]`, ascending.
    pub weight_bits_allowed: Vec<u32>,
    /// Widths a target index may have `[bit]`, ascending; 0 for rows without indices.
    pub index_bits_allowed: Vec<u32>,
    /// Synapses in one entry.
    pub max_synapses_per_entry: u32,
    /// Header of an entry `[bit]`.
    pub entry_overhead_bits: u32,
    /// Word of synaptic memory `[bit]`.
    pub word_bits: u32,
    /// Widest delay field `[bit]`.
    pub delay_bits: u32,
    /// Widest learning tag field `[bit]`.
    pub tag_bits: u32,
}
