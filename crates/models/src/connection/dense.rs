//! Dense connections: every source to every target.
//!
//! ```text
//! sum[t]   = weights · spikes[t]           (payloads instead of spikes if num_message_bits > 0)
//! a_out[t] = sum[t-1] * 2^weight_exp
//! ```
//!
//! With delays, the sum is kept apart for each delay d, scaled, and leaves at t + 1 + d.
//!
//! Source: Lava 0.10 `lava/proc/dense/models.py`. Weight formats: [`weight`](super::weight).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::RowFormat;
use super::synapses::{Listed, Synapses, behaves_as_listed, check_delays, check_message_bits};
use super::weight::{SignMode, WeightFormat};
use crate::{Matrix, ModelError, Setting, VarSpec};

/// Lava's `Dense`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Weights, `(targets, sources)`.
    pub weights: Matrix,
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
    /// Delays `[steps]` beyond the one step of every connection: one for all, or `(targets, sources)`.
    #[serde(default)]
    pub delays: Option<Delays>,
    /// Longest delay to make room for `[steps]`; 0 takes the longest of `delays`.
    #[serde(default)]
    pub max_delay: u32,
}

/// Delays of a dense connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Delays {
    /// The same for every synapse.
    All(f64),
    /// One per synapse, `(targets, sources)`.
    Each(Matrix),
}

impl Dense {
    /// A connection with the given weights `(targets, sources)`, exponent 0 and 8 bits.
    pub fn new(weights: Vec<Vec<f64>>) -> Self {
        Dense {
            weights: Matrix(weights),
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
            delays: None,
            max_delay: 0,
        }
    }

    fn delays(&self, shape: [usize; 2], longest: u32) -> Result<(Vec<u8>, usize), ModelError> {
        let name = |k: usize| format!("delays[{}][{}]", k / shape[1], k % shape[1]);
        match &self.delays {
            None => check_delays(&[], self.max_delay, longest, name),
            Some(Delays::All(d)) => {
                let (one, held) = check_delays(&[*d], self.max_delay, longest, |_| "delays".into())?;
                Ok((one.repeat(shape[0] * shape[1]), held))
            }
            Some(Delays::Each(delays)) if delays.shape("delays")? != shape => {
                Err(ModelError::shape("delays", &delays.shape("delays")?, &shape))
            }
            Some(Delays::Each(delays)) => check_delays(&delays.flat(), self.max_delay, longest, name),
        }
    }
}

impl Listed for Dense {
    fn shapes(&self) -> [Vec<usize>; 2] {
        let sources = self.weights.0.first().map_or(0, Vec::len);
        [vec![sources], vec![self.weights.0.len()]]
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        let [n_in, n_out] = self.shapes();
        Some(VarSpec::new("weights", &[n_out[0], n_in[0]]))
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        let [n_out, n_in] = self.weights.shape("weights")?;
        check_message_bits(self.num_message_bits)?;
        let (delays, max_delay) = self.delays([n_out, n_in], setting.arithmetic.delay_max)?;
        let weights = self.weights.flat();
        let format = WeightFormat::new(self.weight_exp, self.num_weight_bits, self.sign_mode, weights.iter().copied())?;
        let synapses = Synapses {
            n_in,
            n_out,
            sources: (0..n_out).flat_map(|_| 0..n_in as u32).collect(),
            targets: (0..n_out as u32).flat_map(|target| std::iter::repeat_n(target, n_in)).collect(),
            weights: Cow::Owned(weights),
            delays,
            max_delay,
            format,
            as_given: false,
            rounded: false,
            graded: self.num_message_bits > 0,
            layout: RowFormat::Dense,
        };
        synapses.check()
    }
}

/// Lava's `DelayDense`: a [`Dense`] whose `delays` must be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DelayDense(pub Dense);

impl Listed for DelayDense {
    fn shapes(&self) -> [Vec<usize>; 2] {
        self.0.shapes()
    }

    fn message_bits(&self) -> u32 {
        self.0.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        self.0.weights()
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        match self.0.delays {
            Some(_) => self.0.synapses(setting),
            None => Err(ModelError::range("delays", "absent", "a number or a matrix in DelayDense")),
        }
    }
}

behaves_as_listed!(Dense, DelayDense);
