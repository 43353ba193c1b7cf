//! Listed synapses that learn: memory and work in proportion to the list, or to the places where synapses grow.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connection::{GradedSpikeCfg, Learns, Parts, behaves_as_learning};
use super::draws::Recording;
use super::rule::LearningRule;
use super::structure::Structure;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::{ModelError, RowFormat};

/// Lava's `LearningSparse`; with `delays` it also delays, which Lava has no process for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningSparse {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// Source of each synapse.
    pub sources: Vec<u32>,
    /// Target of each synapse.
    pub targets: Vec<u32>,
    /// First weight of each synapse.
    pub weights: Vec<f64>,
    /// The learning rule.
    pub learning_rule: LearningRule,
    /// Power of two that scales all weights, `-8..=7`.
    #[serde(default)]
    pub weight_exp: i32,
    /// Bits per weight, `1..=8`; the sign is one of them in mixed mode.
    #[serde(default = "eight")]
    pub num_weight_bits: u32,
    /// Signs; mixed if absent, because learning may change them.
    #[serde(default)]
    pub sign_mode: Option<SignMode>,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
    /// What payloads do to `x1`.
    #[serde(default)]
    pub graded_spike_cfg: GradedSpikeCfg,
    /// First tag of each synapse; 0 if absent.
    #[serde(default)]
    pub tag_1: Option<Vec<f64>>,
    /// First learned delay of each synapse; 0 if absent. Inert in `lava-0.10`, the delay `[steps]` in `loihi1` and
    /// `loihi2`.
    #[serde(default)]
    pub tag_2: Option<Vec<f64>>,
    /// Delay of each synapse `[steps]` beyond the one step of every connection.
    #[serde(default)]
    pub delays: Option<Vec<f64>>,
    /// How synapses grow and vanish; they stay as they are if absent. A first weight of 0 then is a vacant place.
    #[serde(default)]
    pub structure: Option<Structure>,
    /// Recorded random draws to use instead of counter-based ones.
    #[serde(default)]
    pub draws: Option<Recording>,
}

fn eight() -> u32 {
    8
}

impl LearningSparse {
    /// A connection of `[targets, sources]` from `(source, target, weight)` synapses, with 8 bits and mixed signs.
    pub fn new(
        shape: [usize; 2],
        synapses: impl IntoIterator<Item = (u32, u32, f64)>,
        learning_rule: LearningRule,
    ) -> Self {
        let mut sparse = LearningSparse {
            shape,
            sources: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
            learning_rule,
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
            graded_spike_cfg: GradedSpikeCfg::default(),
            tag_1: None,
            tag_2: None,
            delays: None,
            structure: None,
            draws: None,
        };
        for (source, target, weight) in synapses {
            sparse.sources.push(source);
            sparse.targets.push(target);
            sparse.weights.push(weight);
        }
        sparse
    }
}

impl LearningSparse {
    /// Pairs `(source, target)` that are places without being listed, by target, then by source.
    fn unlisted(&self) -> Vec<(u32, u32)> {
        let [n_out, n_in] = self.shape;
        if !self.structure.as_ref().is_some_and(|s| s.all_sources) {
            return Vec::new();
        }
        let listed: HashSet<_> = self.sources.iter().copied().zip(self.targets.iter().copied()).collect();
        let all = (0..n_out as u32).flat_map(|j| (0..n_in as u32).map(move |i| (i, j)));
        all.filter(|pair| !listed.contains(pair)).collect()
    }
}

impl Learns for LearningSparse {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn synapses(&self) -> Vec<usize> {
        vec![self.weights.len() + self.unlisted().len()]
    }

    fn rule(&self) -> &LearningRule {
        &self.learning_rule
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn structure(&self) -> Option<&Structure> {
        self.structure.as_ref()
    }

    fn recording(&self) -> Option<&Recording> {
        self.draws.as_ref()
    }

    fn parts(&self) -> Result<Parts, ModelError> {
        let ([n_out, n_in], n) = (self.shape, self.weights.len());
        for (field, indices, end) in [("sources", &self.sources, n_in), ("targets", &self.targets, n_out)] {
            if indices.len() != n {
                return Err(ModelError::shape(field, &[indices.len()], &[n]));
            }
            if let Some(k) = indices.iter().position(|i| *i as usize >= end) {
                return Err(ModelError::range(format!("{field}[{k}]"), indices[k], format!("an index below {end}")));
            }
        }
        let unlisted = self.unlisted();
        let vacant = vec![0.0; unlisted.len()];
        let padded = |values: &Vec<f64>| [&values[..], &vacant[..]].concat();
        let or_zero = |values: &Option<Vec<f64>>| padded(values.as_ref().unwrap_or(&vec![0.0; n]));
        let (more_sources, more_targets): (Vec<u32>, Vec<u32>) = unlisted.iter().copied().unzip();
        let sign = Some(self.sign_mode.unwrap_or(SignMode::Mixed));
        Ok(Parts {
            shape: self.shape,
            sources: [&self.sources[..], &more_sources[..]].concat(),
            targets: [&self.targets[..], &more_targets[..]].concat(),
            row_format: RowFormat::Sparse,
            format: WeightFormat::new(self.weight_exp, self.num_weight_bits, sign, self.weights.iter().copied())?,
            weights: padded(&self.weights),
            tag_1: or_zero(&self.tag_1),
            tag_2: or_zero(&self.tag_2),
            delays: self.delays.as_ref().map(padded),
            graded: self.num_message_bits > 0,
            payloads: self.graded_spike_cfg,
            structure: self.structure.clone(),
        })
    }
}

behaves_as_learning!(LearningSparse);
