//! One-to-one connections: element i to element i, with one weight for all or one each.
//!
//! The arithmetic is that of [`Dense`](super::dense) with a diagonal matrix; memory and work are those of a list.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::RowFormat;
use super::sparse::listed_delays;
use super::synapses::{Listed, Synapses, behaves_as_listed, check_message_bits};
use super::weight::{SignMode, WeightFormat};
use crate::{ModelError, PerNeuron, Setting, VarSpec, length};

/// A connection of each element to its own number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneToOne {
    /// Shape of both ports.
    pub shape: Vec<usize>,
    /// Weights: one for all, or one per element.
    pub weights: PerNeuron,
    /// Power of two that scales all weights, `-8..=7`.
    #[serde(default)]
    pub weight_exp: i32,
    /// Bits per weight, `1..=8`; the sign is one of them in mixed mode.
    #[serde(default = "super::weight::eight")]
    pub num_weight_bits: u32,
    /// Signs; the narrowest that holds the weights if absent.
    #[serde(default)]
    pub sign_mode: Option<SignMode>,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
    /// Delay `[steps]` beyond the one step of every connection: one for all, or one per element.
    #[serde(default)]
    pub delays: Option<PerNeuron>,
    /// Longest delay to make room for `[steps]`; 0 takes the longest of `delays`.
    #[serde(default)]
    pub max_delay: u32,
}

impl OneToOne {
    /// A connection of the given shape and weights, exponent 0 and 8 bits.
    pub fn new(shape: &[usize], weights: impl Into<PerNeuron>) -> Self {
        OneToOne {
            shape: shape.to_vec(),
            weights: weights.into(),
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
            delays: None,
            max_delay: 0,
        }
    }
}

impl Listed for OneToOne {
    fn shapes(&self) -> [Vec<usize>; 2] {
        [self.shape.clone(), self.shape.clone()]
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        Some(VarSpec::new("weights", &self.shape))
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        let n = length(&self.shape);
        check_message_bits(self.num_message_bits)?;
        let weights = self.weights.values("weights", n)?;
        let longest = setting.arithmetic.delay_max;
        let (delays, max_delay) = listed_delays(self.delays.as_ref(), n, self.max_delay, longest)?;
        let format = WeightFormat::new(self.weight_exp, self.num_weight_bits, self.sign_mode, weights.iter().copied())?;
        let synapses = Synapses {
            n_in: n,
            n_out: n,
            sources: (0..n as u32).collect(),
            targets: (0..n as u32).collect(),
            weights: Cow::Owned(weights),
            delays,
            max_delay,
            format,
            as_given: false,
            rounded: false,
            graded: self.num_message_bits > 0,
            layout: RowFormat::Sparse,
        };
        synapses.check()
    }
}

behaves_as_listed!(OneToOne);
