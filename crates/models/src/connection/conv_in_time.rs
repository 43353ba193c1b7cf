//! Convolution in time: a kernel of weight matrices, one per step back.
//!
//! ```text
//! a_out[t] = sum over i of weights[k - 1 - i] · spikes[t - 1 - i],   i = 0..k
//! ```
//!
//! So the last matrix acts first. It is a dense connection with several delays per pair. Lava's fixed model
//! takes weights as given and ignores their format; [`Arithmetic::conv_weights`](crate::Arithmetic) says which.
//!
//! Source: Lava 0.10 `lava/proc/conv_in_time/models.py`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::RowFormat;
use super::synapses::{Listed, Synapses, behaves_as_listed, check_message_bits};
use super::weight::{SignMode, WeightFormat};
use crate::arithmetic::ConvWeights;
use crate::{Matrix, ModelError, Setting, VarSpec};

/// Lava's `ConvInTime`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvInTime {
    /// Weights, `(steps, targets, sources)`; the last acts on the newest spikes.
    pub weights: Vec<Matrix>,
    /// Power of two that scales all weights, `-8..=7`; see `conv_weights` of the arithmetic.
    #[serde(default)]
    pub weight_exp: i32,
    /// Bits per weight, `1..=8`; see `conv_weights` of the arithmetic.
    #[serde(default = "super::weight::eight")]
    pub num_weight_bits: u32,
    /// Signs; the narrowest that holds the weights if absent.
    #[serde(default)]
    pub sign_mode: Option<SignMode>,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
}

impl ConvInTime {
    /// A connection with the given weights `(steps, targets, sources)`.
    pub fn new(weights: Vec<Vec<Vec<f64>>>) -> Self {
        ConvInTime {
            weights: weights.into_iter().map(Matrix).collect(),
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
        }
    }

    fn shape(&self, longest: u32) -> Result<[usize; 3], ModelError> {
        let steps = self.weights.len();
        if steps == 0 || steps > longest as usize + 1 {
            let allowed = format!("1..={} matrices", longest + 1);
            return Err(ModelError::range("weights", steps, allowed));
        }
        let shape = self.weights[0].shape("weights[0]")?;
        for (i, matrix) in self.weights.iter().enumerate() {
            let field = format!("weights[{i}]");
            let found = matrix.shape(&field)?;
            if found != shape {
                return Err(ModelError::shape(field, &found, &shape));
            }
        }
        Ok([steps, shape[0], shape[1]])
    }
}

impl Listed for ConvInTime {
    fn shapes(&self) -> [Vec<usize>; 2] {
        let first = self.weights.first();
        let n_in = first.and_then(|m| m.0.first()).map_or(0, Vec::len);
        [vec![n_in], vec![first.map_or(0, |m| m.0.len())]]
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        let [n_in, n_out] = self.shapes();
        let shape = [self.weights.len(), n_out[0], n_in[0]];
        Some(VarSpec::new("weights", &shape))
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        let [steps, n_out, n_in] = self.shape(setting.arithmetic.delay_max)?;
        check_message_bits(self.num_message_bits)?;
        let weights: Vec<f64> = self.weights.iter().flat_map(Matrix::flat).collect();
        let format = WeightFormat::new(self.weight_exp, self.num_weight_bits, self.sign_mode, weights.iter().copied())?;
        let each = (0..steps).flat_map(|_| 0..n_out as u32);
        let synapses = Synapses {
            n_in,
            n_out,
            sources: (0..steps * n_out).flat_map(|_| 0..n_in as u32).collect(),
            targets: each.flat_map(|t| std::iter::repeat_n(t, n_in)).collect(),
            weights: Cow::Owned(weights),
            delays: (0..steps).flat_map(|i| std::iter::repeat_n((steps - 1 - i) as u8, n_out * n_in)).collect(),
            max_delay: steps - 1,
            format,
            as_given: setting.arithmetic.conv_weights == ConvWeights::Ignored,
            rounded: false,
            graded: self.num_message_bits > 0,
            layout: RowFormat::Dense,
        };
        synapses.check()
    }
}

behaves_as_listed!(ConvInTime);
