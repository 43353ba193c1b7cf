//! All-to-all synapses that learn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connection::{GradedSpikeCfg, Learns, Parts, behaves_as_learning};
use super::draws::Recording;
use super::rule::LearningRule;
use super::structure::Structure;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::{Matrix, ModelError, RowFormat};

/// Lava's `LearningDense`; with `delays` it also delays, which Lava has no process for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningDense {
    /// First weights, `(targets, sources)`.
    pub weights: Matrix,
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
    /// First tags, `(targets, sources)`; 0 if absent.
    #[serde(default)]
    pub tag_1: Option<Matrix>,
    /// First learned delays, `(targets, sources)`; 0 if absent. Inert in `lava-0.10`, the delay `[steps]` in `loihi1`
    /// and `loihi2`.
    #[serde(default)]
    pub tag_2: Option<Matrix>,
    /// Delays `[steps]`, `(targets, sources)`, beyond the one step of every connection.
    #[serde(default)]
    pub delays: Option<Matrix>,
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

impl LearningDense {
    /// A connection with first weights `(targets, sources)`, exponent 0, 8 bits and mixed signs.
    pub fn new(weights: Vec<Vec<f64>>, learning_rule: LearningRule) -> Self {
        LearningDense {
            weights: Matrix(weights),
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
        }
    }
}

impl Learns for LearningDense {
    fn shape(&self) -> [usize; 2] {
        [self.weights.0.len(), self.weights.0.first().map_or(0, Vec::len)]
    }

    fn synapses(&self) -> Vec<usize> {
        self.shape().to_vec()
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
        let shape = self.weights.shape("weights")?;
        let [n_out, n_in] = shape;
        let flat = |field: &str, matrix: &Matrix| match matrix.shape(field)? == shape {
            true => Ok(matrix.flat()),
            false => Err(ModelError::shape(field, &matrix.shape(field)?, &shape)),
        };
        let or_zero = |field: &str, matrix: &Option<Matrix>| match matrix {
            Some(matrix) => flat(field, matrix),
            None => Ok(vec![0.0; n_in * n_out]),
        };
        let sources: Vec<u32> = (0..n_out).flat_map(|_| 0..n_in as u32).collect();
        let targets: Vec<u32> = (0..n_out as u32).flat_map(|j| std::iter::repeat_n(j, n_in)).collect();
        let weights = self.weights.flat();
        let sign = Some(self.sign_mode.unwrap_or(SignMode::Mixed));
        Ok(Parts {
            shape,
            sources,
            targets,
            row_format: RowFormat::Dense,
            format: WeightFormat::new(self.weight_exp, self.num_weight_bits, sign, weights.iter().copied())?,
            weights,
            tag_1: or_zero("tag_1", &self.tag_1)?,
            tag_2: or_zero("tag_2", &self.tag_2)?,
            delays: self.delays.as_ref().map(|d| flat("delays", d)).transpose()?,
            graded: self.num_message_bits > 0,
            payloads: self.graded_spike_cfg,
            structure: self.structure.clone(),
        })
    }
}

behaves_as_learning!(LearningDense);
