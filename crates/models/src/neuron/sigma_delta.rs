//! Sigma-delta neuron: adds up changes, applies an activation, and sends the change of the result.
//!
//! ```text
//! sigma = sigma + a_in
//! act   = sigma + bias << k        (UNIT), or its positive part (RELU);  k = spike_exp + state_exp
//! s_out = delta encoder of act, as in Delta
//! ```
//!
//! Lava 0.10's fixed model loses the low `state_exp` bits of what it sends: the residue does not know of them.
//! With `corrected` they are kept, as in the second model of Lava's main branch:
//!
//! ```text
//! s = act - act_sent if |act - act_sent| >= vth << k, else 0;   s_out = s >> state_exp;   act_sent += s_out << state_exp
//! ```
//!
//! Source: Lava 0.10 `lava/proc/sdn/models.py` (`PySigmaDeltaModelFixed`, `PySigmaDeltaModelFixedCorrected`).
//! The input is not scaled: what arrives is already in state units.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delta::{Encoder, WORDS, exponents};
use super::membrane::zero;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, scaled, word};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// The activation of a sigma-delta neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ActivationMode {
    /// The sum and its bias.
    Unit,
    /// The positive part of the sum and its bias; Lava's default.
    #[default]
    Relu,
}

/// Lava's `SigmaDelta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigmaDelta {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold; scaled by both exponents it must be an integer of 24 bits.
    pub vth: PerNeuron,
    /// Bias; scaled by both exponents it must be an integer of 24 bits.
    #[serde(default = "zero")]
    pub bias: PerNeuron,
    /// Activation.
    #[serde(default)]
    pub act_mode: ActivationMode,
    /// Whether the accumulated error is compared instead of the change; not used by the corrected rule.
    #[serde(default)]
    pub cum_error: bool,
    /// Power of two of the sent spikes, `0..=15`.
    #[serde(default)]
    pub spike_exp: i32,
    /// Power of two of the state beyond the spikes, `0..=15`.
    #[serde(default)]
    pub state_exp: i32,
    /// Whether the bits that the output cannot carry are kept for later.
    #[serde(default)]
    pub corrected: bool,
}

impl SigmaDelta {
    /// Neurons of the given shape and threshold, rectified, without bias or scaling.
    pub fn new(shape: &[usize], vth: PerNeuron) -> Self {
        SigmaDelta {
            shape: shape.to_vec(),
            vth,
            bias: zero(),
            act_mode: ActivationMode::default(),
            cum_error: false,
            spike_exp: 0,
            state_exp: 0,
            corrected: false,
        }
    }

    fn rule(&self) -> Result<(Rule, i32), ModelError> {
        let (scale, state_exp) = exponents(self.spike_exp, self.state_exp)?;
        let encoder = Encoder { cum_error: self.cum_error, state_exp, scale: 0 };
        Ok((Rule { encoder, act_mode: self.act_mode, corrected: self.corrected }, scale))
    }
}

/// Activation and encoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    encoder: Encoder,
    act_mode: ActivationMode,
    corrected: bool,
}

impl Dynamics<i32, 1, 4, 2, 1> for Rule {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [a]: [i32; 1],
        [vth, bias]: [i32; 2],
        [sigma, act, residue, error]: &mut [i32; 4],
        left: &mut u32,
    ) -> [i32; 1] {
        *sigma = word(i64::from(*sigma) + i64::from(a), 3, left);
        let mut now = word(i64::from(*sigma) + i64::from(bias), 0, left);
        if self.act_mode == ActivationMode::Relu {
            now = now.max(0);
        }
        if !self.corrected {
            return [self.encoder.encode(now, vth, [act, residue, error], left)];
        }
        let delta = word(i64::from(now) - i64::from(*act), 0, left);
        let s = if delta.wrapping_abs() >= vth { delta >> self.encoder.state_exp } else { 0 };
        *act = word(i64::from(*act) + (i64::from(s) << self.encoder.state_exp), 0, left);
        [s]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &WORDS
    }

    fn driven(&self, _local: usize, [_, bias]: [i32; 2]) -> bool {
        bias != 0
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 4, 2, 1> for Rule {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [a]: [f64; 1],
        [vth, bias]: [f64; 2],
        [sigma, act, residue, error]: &mut [f64; 4],
        _left: &mut u32,
    ) -> [f64; 1] {
        *sigma += a;
        let now = match self.act_mode {
            ActivationMode::Unit => *sigma + bias,
            ActivationMode::Relu => (*sigma + bias).max(0.0),
        };
        if !self.corrected {
            return [self.encoder.encode_real(now, vth, [act, residue, error])];
        }
        let delta = now - *act;
        let s = if delta.abs() >= vth { delta } else { 0.0 };
        *act += s;
        [s / f64::from(self.encoder.state_exp).exp2()]
    }
}

impl Neuron for SigmaDelta {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["sigma", "act", "residue", "error", "vth", "bias"];
    type Fixed = Population<Rule, i32, 1, 4, 2, 1>;
    type Float = Population<Rule, f64, 1, 4, 2, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (n, (rule, scale)) = (length(&self.shape), self.rule()?);
        let parameters = [
            Column::registers("vth", &scaled(&self.vth, scale), n, &cut, STATE)?,
            Column::registers("bias", &scaled(&self.bias, scale), n, &cut, STATE)?,
        ];
        let state = ["sigma", "act", "residue", "error"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        Ok(Population::new(rule, &cut, state, parameters))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let (n, (rule, scale)) = (length(&self.shape), self.rule()?);
        let parameters = [
            Column::reals("vth", &scaled(&self.vth, scale), n)?,
            Column::reals("bias", &scaled(&self.bias, scale), n)?,
        ];
        let state = ["sigma", "act", "residue", "error"].map(|name| Column::real_zero(name, n));
        Ok(Population::new(rule, &(0..length(&self.shape)), state, parameters))
    }
}

#[cfg(test)]
mod tests;
