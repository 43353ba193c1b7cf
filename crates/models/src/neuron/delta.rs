//! Delta encoder: sends how much its input changed, once the change reaches a threshold.
//!
//! ```text
//! act   = a_in << (spike_exp + state_exp)
//! delta = act - act[t-1] + residue
//! error = error + delta                                        (only with cum_error)
//! s     = delta if |delta| >= vth << (spike_exp + state_exp), else 0     (|error| with cum_error)
//! error = 0 where s is not 0;  residue = delta - s;  s_out = s >> state_exp
//! ```
//!
//! Everything is in 32-bit words. Source: Lava 0.10 `lava/proc/sdn/models.py` (`PyDeltaModelFixed`), whose
//! comparison is `>=`, not the `>` of its description. The float twin holds the same scaled numbers; with both
//! exponents 0 it is Lava's float model.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::ten;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, scaled, word};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, integer, length};

/// Lava's `Delta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold in units of the input; scaled by both exponents it must be an integer of 24 bits.
    #[serde(default = "ten")]
    pub vth: PerNeuron,
    /// Whether the accumulated error is compared instead of the change.
    #[serde(default)]
    pub cum_error: bool,
    /// Power of two of the sent spikes, `0..=15`.
    #[serde(default)]
    pub spike_exp: i32,
    /// Power of two of the state beyond the spikes, `0..=15`.
    #[serde(default)]
    pub state_exp: i32,
}

impl Delta {
    /// Encoders of the given shape and threshold, without scaling.
    pub fn new(shape: &[usize], vth: PerNeuron) -> Self {
        Delta { shape: shape.to_vec(), vth, cum_error: false, spike_exp: 0, state_exp: 0 }
    }
}

/// The exponents of a sigma-delta process, checked: `(spike_exp + state_exp, state_exp)`.
pub(crate) fn exponents(spike_exp: i32, state_exp: i32) -> Result<(i32, i32), ModelError> {
    let spike = integer("spike_exp", f64::from(spike_exp), 0..=15)?;
    let state = integer("state_exp", f64::from(state_exp), 0..=15)?;
    Ok((spike + state, state))
}

/// What overflows in a sigma-delta process, by bit.
pub(crate) const WORDS: [(&str, OverflowKind); 4] = [
    ("act", OverflowKind::Wrap),
    ("residue", OverflowKind::Wrap),
    ("error", OverflowKind::Wrap),
    ("sigma", OverflowKind::Wrap),
];

/// How changes are encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder {
    pub(crate) cum_error: bool,
    pub(crate) state_exp: i32,
    /// Left shift of the input.
    pub(crate) scale: i32,
}

impl Encoder {
    /// Encodes `act`; the state is `[act, residue, error]`.
    #[inline(always)]
    pub(crate) fn encode(self, act: i32, vth: i32, state: [&mut i32; 3], left: &mut u32) -> i32 {
        let [before, residue, error] = state;
        let delta = word(i64::from(act) - i64::from(*before) + i64::from(*residue), 1, left);
        let compared = match self.cum_error {
            true => {
                *error = word(i64::from(*error) + i64::from(delta), 2, left);
                *error
            }
            false => delta,
        };
        let s = if compared.wrapping_abs() >= vth { delta } else { 0 };
        if s != 0 {
            *error = 0;
        }
        *residue = delta.wrapping_sub(s);
        *before = act;
        s >> self.state_exp
    }

    /// The same in reals, without the loss of low bits.
    pub(crate) fn encode_real(self, act: f64, vth: f64, state: [&mut f64; 3]) -> f64 {
        let [before, residue, error] = state;
        let delta = act - *before + *residue;
        if self.cum_error {
            *error += delta;
        }
        let compared = if self.cum_error { *error } else { delta };
        let s = if compared.abs() >= vth { delta } else { 0.0 };
        if s != 0.0 {
            *error = 0.0;
        }
        *residue = delta - s;
        *before = act;
        s / f64::from(self.state_exp).exp2()
    }
}

impl Dynamics<i32, 1, 3, 1, 1> for Encoder {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [a]: [i32; 1],
        [vth]: [i32; 1],
        [act, residue, error]: &mut [i32; 3],
        left: &mut u32,
    ) -> [i32; 1] {
        let input = word(i64::from(a) << self.scale, 0, left);
        [self.encode(input, vth, [act, residue, error], left)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &WORDS[..3]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 3, 1, 1> for Encoder {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [a]: [f64; 1],
        [vth]: [f64; 1],
        [act, residue, error]: &mut [f64; 3],
        _left: &mut u32,
    ) -> [f64; 1] {
        [self.encode_real(a * f64::from(self.scale).exp2(), vth, [act, residue, error])]
    }
}

impl Neuron for Delta {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["act", "residue", "error", "vth"];
    type Fixed = Population<Encoder, i32, 1, 3, 1, 1>;
    type Float = Population<Encoder, f64, 1, 3, 1, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (scale, state_exp) = exponents(self.spike_exp, self.state_exp)?;
        let vth = scaled(&self.vth, scale);
        let vth = Column::registers("vth", &vth, length(&self.shape), &cut, STATE)?;
        let state = ["act", "residue", "error"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        let encoder = Encoder { cum_error: self.cum_error, state_exp, scale };
        Ok(Population::new(encoder, &cut, state, [vth]))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let (scale, state_exp) = exponents(self.spike_exp, self.state_exp)?;
        let vth = Column::reals("vth", &scaled(&self.vth, scale), n)?;
        let state = ["act", "residue", "error"].map(|name| Column::real_zero(name, n));
        let encoder = Encoder { cum_error: self.cum_error, state_exp, scale };
        Ok(Population::new(encoder, &(0..length(&self.shape)), state, [vth]))
    }
}
