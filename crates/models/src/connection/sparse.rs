//! Sparse connections: a list of synapses; memory and work in proportion to it.
//!
//! The arithmetic is that of [`Dense`](super::dense). Source: Lava 0.10 `lava/proc/sparse/models.py`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::RowFormat;
use super::synapses::{Listed, Synapses, behaves_as_listed, check_delays, check_message_bits};
use super::weight::{SignMode, WeightFormat};
use crate::{ModelError, PerNeuron, Setting, VarSpec};

/// Lava's `Sparse`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sparse {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// Source of each synapse.
    pub sources: Vec<u32>,
    /// Target of each synapse.
    pub targets: Vec<u32>,
    /// Weight of each synapse.
    pub weights: Vec<f64>,
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
    /// Delay `[steps]` beyond the one step of every connection: one for all, or one per synapse.
    #[serde(default)]
    pub delays: Option<PerNeuron>,
    /// Longest delay to make room for `[steps]`; 0 takes the longest of `delays`.
    #[serde(default)]
    pub max_delay: u32,
}

impl Sparse {
    /// A connection of `[targets, sources]` from `(source, target, weight)` synapses, exponent 0 and 8 bits.
    pub fn new(shape: [usize; 2], synapses: impl IntoIterator<Item = (u32, u32, f64)>) -> Self {
        let mut sparse = Sparse {
            shape,
            sources: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
            delays: None,
            max_delay: 0,
        };
        for (source, target, weight) in synapses {
            sparse.sources.push(source);
            sparse.targets.push(target);
            sparse.weights.push(weight);
        }
        sparse
    }
}

/// The delays of `n` synapses as bytes, and the steps to hold.
pub(super) fn listed_delays(
    delays: Option<&PerNeuron>,
    n: usize,
    max_delay: u32,
    longest: u32,
) -> Result<(Vec<u8>, usize), ModelError> {
    let name = |k: usize| format!("delays[{k}]");
    match delays {
        None => check_delays(&[], max_delay, longest, name),
        Some(PerNeuron::All(d)) => {
            let (one, held) = check_delays(&[*d], max_delay, longest, |_| "delays".into())?;
            Ok((one.repeat(n), held))
        }
        Some(PerNeuron::Each(all)) if all.len() != n => Err(ModelError::shape("delays", &[all.len()], &[n])),
        Some(PerNeuron::Each(all)) => check_delays(all, max_delay, longest, name),
    }
}

impl Listed for Sparse {
    fn shapes(&self) -> [Vec<usize>; 2] {
        [vec![self.shape[1]], vec![self.shape[0]]]
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        Some(VarSpec::new("weights", &[self.weights.len()]))
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        check_message_bits(self.num_message_bits)?;
        let (delays, max_delay) =
            listed_delays(self.delays.as_ref(), self.weights.len(), self.max_delay, setting.arithmetic.delay_max)?;
        let format =
            WeightFormat::new(self.weight_exp, self.num_weight_bits, self.sign_mode, self.weights.iter().copied())?;
        let synapses = Synapses {
            n_in: self.shape[1],
            n_out: self.shape[0],
            sources: Cow::Borrowed(&self.sources),
            targets: Cow::Borrowed(&self.targets),
            weights: Cow::Borrowed(&self.weights),
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

/// Lava's `DelaySparse`: a [`Sparse`] whose `delays` must be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DelaySparse(pub Sparse);

impl Listed for DelaySparse {
    fn shapes(&self) -> [Vec<usize>; 2] {
        self.0.shapes()
    }

    fn message_bits(&self) -> u32 {
        self.0.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        Listed::weights(&self.0)
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        match self.0.delays {
            Some(_) => self.0.synapses(setting),
            None => Err(ModelError::range("delays", "absent", "a number or a list in DelaySparse")),
        }
    }
}

behaves_as_listed!(Sparse, DelaySparse);
