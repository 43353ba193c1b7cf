//! Dense connections: every source to every target.
//!
//! ```text
//! sum[t]   = weights · spikes[t]           (payloads instead of spikes if num_message_bits > 0)
//! a_out[t] = sum[t-1] * 2^weight_exp
//! ```
//!
//! Source: Lava 0.10 `lava/proc/dense/models.py`. Weight formats: [`weight`](super::weight).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{RowFormat, Rows};
use super::synapses::Synapses;
use super::weight::{SignMode, WeightFormat};
use crate::{Behaviour, Kernel, Kind, Matrix, ModelError, PortSpec, Setting, VarSpec};

/// Lava's `Dense`, and with `delays` its `DelayDense`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Weights, `(targets, sources)`.
    pub weights: Matrix,
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
    /// Delays `[steps]`, `(targets, sources)`, beyond the one step of every connection.
    #[serde(default)]
    pub delays: Option<Matrix>,
}

fn eight() -> u32 {
    8
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
        }
    }

    fn synapses(&self, longest: u32) -> Result<Synapses, ModelError> {
        let [n_out, n_in] = self.weights.shape("weights")?;
        check_message_bits(self.num_message_bits)?;
        if let Some(delays) = &self.delays
            && delays.shape("delays")? != [n_out, n_in]
        {
            return Err(ModelError::shape(
                "delays",
                &delays.shape("delays")?,
                &[n_out, n_in],
            ));
        }
        let flat = self.weights.flat();
        let format = WeightFormat::new(
            self.weight_exp,
            self.num_weight_bits,
            self.sign_mode,
            flat.iter().copied(),
        )?;
        let mut entries = Vec::with_capacity(flat.len());
        for (target, row) in self.weights.0.iter().enumerate() {
            for (source, w) in row.iter().enumerate() {
                let delay = match &self.delays {
                    Some(delays) => check_delay(target, source, delays.0[target][source], longest)?,
                    None => 0,
                };
                entries.push((source as u32, target as u32, *w, delay));
            }
        }
        check_finite(&entries)?;
        let graded = self.num_message_bits > 0;
        Ok(Synapses {
            n_in,
            n_out,
            entries,
            format,
            graded,
            row_format: RowFormat::Dense,
        })
    }
}

pub(super) fn check_message_bits(bits: u32) -> Result<(), ModelError> {
    match bits {
        0..=24 => Ok(()),
        _ => Err(ModelError::range(
            "num_message_bits",
            bits,
            "an integer in 0..=24",
        )),
    }
}

pub(super) fn check_finite(entries: &[(u32, u32, f64, u8)]) -> Result<(), ModelError> {
    match entries.iter().find(|e| !e.2.is_finite()) {
        Some(e) => Err(ModelError::range(
            format!("weights[{}][{}]", e.1, e.0),
            e.2,
            "a finite number",
        )),
        None => Ok(()),
    }
}

pub(super) fn check_delay(
    target: usize,
    source: usize,
    delay: f64,
    longest: u32,
) -> Result<u8, ModelError> {
    match delay.fract() == 0.0 && (0.0..=f64::from(longest)).contains(&delay) {
        true => Ok(delay as u8),
        false => Err(ModelError::range(
            format!("delays[{target}][{source}]"),
            delay,
            format!("an integer in 0..={longest}"),
        )),
    }
}

/// Kind of the spikes a connection takes.
pub(super) const fn message_kind(bits: u32) -> Kind {
    if bits > 0 { Kind::Graded } else { Kind::Spike }
}

impl Behaviour for Dense {
    fn in_ports(&self) -> Vec<PortSpec> {
        let sources = self.weights.0.first().map_or(0, Vec::len);
        vec![PortSpec::new(
            "s_in",
            message_kind(self.num_message_bits),
            &[sources],
        )]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new(
            "a_out",
            Kind::Activation,
            &[self.weights.0.len()],
        )]
    }

    fn vars(&self) -> Vec<VarSpec> {
        let sources = self.weights.0.first().map_or(0, Vec::len);
        vec![VarSpec::new("weights", &[self.weights.0.len(), sources])]
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
