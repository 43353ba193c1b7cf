//! Widths of the registers of neurons and of the learning engine.
//!
//! These document the chip. What is computed is the profile's arithmetic; the checks hold both together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Registers of a neuron. An absent width is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeuronRegisters {
    /// The neuron model of the chip, in the words of its makers.
    pub model: String,
    /// Current with its sign `[bit]`.
    #[serde(default)]
    pub u_bits: Option<u32>,
    /// Voltage with its sign `[bit]`.
    #[serde(default)]
    pub v_bits: Option<u32>,
    /// Dendrite accumulator with its sign `[bit]`.
    #[serde(default)]
    pub accumulator_bits: Option<u32>,
    /// Decay `[bit]`.
    #[serde(default)]
    pub decay_bits: Option<u32>,
    /// Mantissa of the threshold `[bit]`.
    #[serde(default)]
    pub threshold_mantissa_bits: Option<u32>,
    /// Left shift from threshold and weight to voltage `[bit]`.
    #[serde(default)]
    pub threshold_shift: Option<u32>,
    /// Mantissa of the bias with its sign `[bit]`.
    #[serde(default)]
    pub bias_mantissa_bits: Option<u32>,
    /// Exponent of the bias `[bit]`.
    #[serde(default)]
    pub bias_exponent_bits: Option<u32>,
    /// Shortest and longest refractory period `[steps]`.
    #[serde(default)]
    pub refractory: Option<[u32; 2]>,
    /// Weight with its sign `[bit]`.
    #[serde(default)]
    pub weight_bits: Option<u32>,
    /// Lowest and highest weight exponent.
    #[serde(default)]
    pub weight_exponent: Option<[i32; 2]>,
    /// Different weights that one neuron can have.
    #[serde(default)]
    pub weight_values: Option<u32>,
    /// Payload of a graded spike `[bit]`.
    #[serde(default)]
    pub graded_payload_bits: Option<u32>,
    /// True when neurons can use random numbers.
    #[serde(default)]
    pub stochastic: Option<bool>,
}

/// Which learning a chip offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LearningRule {
    /// No learning on chip.
    None,
    /// Sums of products of traces (Loihi 1).
    SumOfProducts,
    /// Three-factor rules in microcode (Loihi 2).
    ThreeFactorMicrocode,
    /// Spike-driven synaptic plasticity, fixed in hardware (ODIN).
    Sdsp,
    /// Software on embedded or general processors.
    Software,
}

/// The learning engine. An absent width is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningEngine {
    /// Which learning the chip offers.
    pub rule: LearningRule,
    /// Traces of a presynaptic source.
    #[serde(default)]
    pub pre_traces: Option<u32>,
    /// Traces of a postsynaptic neuron.
    #[serde(default)]
    pub post_traces: Option<u32>,
    /// Trace `[bit]`.
    #[serde(default)]
    pub trace_bits: Option<u32>,
    /// Plastic weight with its sign `[bit]`.
    #[serde(default)]
    pub weight_bits: Option<u32>,
    /// Plastic delay `[bit]`.
    #[serde(default)]
    pub delay_bits: Option<u32>,
    /// Plastic tag with its sign `[bit]`.
    #[serde(default)]
    pub tag_bits: Option<u32>,
    /// Accumulator of a rule with its sign `[bit]`.
    #[serde(default)]
    pub accumulator_bits: Option<u32>,
    /// Longest learning epoch `[steps]`.
    #[serde(default)]
    pub epoch_max: Option<u32>,
}
