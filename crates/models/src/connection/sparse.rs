//! Sparse connections: a list of synapses; memory and work in proportion to it.
//!
//! The arithmetic is that of [`Dense`](super::dense). Source: Lava 0.10 `lava/proc/sparse/models.py`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dense::{check_delay, check_finite, check_message_bits, message_kind};
use super::rows::{RowFormat, Rows};
use super::synapses::Synapses;
use super::weight::{SignMode, WeightFormat};
use crate::{Behaviour, Kernel, Kind, ModelError, PortSpec, Setting, VarSpec};

/// Lava's `Sparse`, and with `delays` its `DelaySparse`.
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
    #[serde(default = "eight")]
    pub num_weight_bits: u32,
    /// Signs; the narrowest that holds the weights if absent.
    #[serde(default)]
    pub sign_mode: Option<SignMode>,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
    /// Delay of each synapse `[steps]` beyond the one step of every connection.
    #[serde(default)]
    pub delays: Option<Vec<f64>>,
}

fn eight() -> u32 {
    8
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
        };
        for (source, target, weight) in synapses {
            sparse.sources.push(source);
            sparse.targets.push(target);
            sparse.weights.push(weight);
        }
        sparse
    }

    fn synapses(&self, longest: u32) -> Result<Synapses, ModelError> {
        let [n_out, n_in] = self.shape;
        let n = self.weights.len();
        check_message_bits(self.num_message_bits)?;
        for (field, len) in [
            ("sources", self.sources.len()),
            ("targets", self.targets.len()),
        ] {
            if len != n {
                return Err(ModelError::shape(field, &[len], &[n]));
            }
        }
        if let Some(delays) = &self.delays
            && delays.len() != n
        {
            return Err(ModelError::shape("delays", &[delays.len()], &[n]));
        }
        let mut entries = Vec::with_capacity(n);
        for k in 0..n {
            let (source, target) = (self.sources[k], self.targets[k]);
            for (field, i, end) in [("sources", source, n_in), ("targets", target, n_out)] {
                if i as usize >= end {
                    return Err(ModelError::range(
                        format!("{field}[{k}]"),
                        i,
                        format!("an index below {end}"),
                    ));
                }
            }
            let delay = match &self.delays {
                Some(delays) => check_delay(target as usize, source as usize, delays[k], longest)?,
                None => 0,
            };
            entries.push((source, target, self.weights[k], delay));
        }
        check_finite(&entries)?;
        let weights = self.weights.iter().copied();
        let format = WeightFormat::new(
            self.weight_exp,
            self.num_weight_bits,
            self.sign_mode,
            weights,
        )?;
        let graded = self.num_message_bits > 0;
        Ok(Synapses {
            n_in,
            n_out,
            entries,
            format,
            graded,
            row_format: RowFormat::Sparse,
        })
    }
}

impl Behaviour for Sparse {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new(
            "s_in",
            message_kind(self.num_message_bits),
            &[self.shape[1]],
        )]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_out", Kind::Activation, &[self.shape[0]])]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("weights", &[self.weights.len()])]
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let a = setting.arithmetic;
        Ok(Box::new(self.synapses(a.delay_max)?.fixed(a)?))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(
            self.synapses(setting.arithmetic.delay_max)?.float(),
        ))
    }

    fn rows(&self, setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        Some(
            self.synapses(setting.arithmetic.delay_max)
                .and_then(|s| s.rows(setting.arithmetic)),
        )
    }
}
